import { Film, FolderOpen } from 'lucide-react';
import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry, MethodDescription, ModelInfo } from '../../../../contract/index.ts';
import { chooseClip } from '../../actions/open.ts';
import { PromptInput } from '../../panels/PromptInput.tsx';
import type { VideoDraft } from '../../state/document.ts';
import { changeEdit, editClip } from '../../state/video.ts';
import { editOf, partOf } from '../../state/videorequest.ts';
import { Button, NumberField } from '../../ui/controls.tsx';
import { useThumbnail } from '../../ui/thumbnail.ts';
import { BoxFields } from './BoxFields.tsx';

/** The clip that is edited, which part of it, and the prompts that say what it shows and what it is to show. */
export function ClipFields({
  draft,
  method,
  model,
  entry,
}: {
  readonly draft: VideoDraft;
  readonly method: MethodDescription;
  readonly model: ModelInfo | undefined;
  /** The shown result, which can be edited further. */
  readonly entry: HistoryEntry | undefined;
}) {
  const { t } = useTranslation();
  const edit = editOf(draft);
  const { source } = edit;
  const thumbnail = useThumbnail(source ?? undefined);
  const part = partOf(edit);
  const total = source?.frames ?? 1;
  const window = model?.clip?.frames ?? total;
  return (
    <section className="controls" aria-label={t('video.source')}>
      <h2>{t('video.source')}</h2>
      {source !== null && (
        <div className="clip-source">
          {thumbnail !== undefined && <img src={thumbnail} alt="" draggable={false} />}
          <p>
            {source.ref.name}
            <span className="hint">
              {t('canvas.size', { width: source.width, height: source.height })} ·{' '}
              {t('video.frames', { count: source.frames ?? 1 })} ·{' '}
              {t('video.rate', { fps: Math.round((source.fps ?? 8) * 10) / 10 })}
            </span>
          </p>
        </div>
      )}
      <div className="button-row">
        <Button onClick={() => void chooseClip()}>
          <FolderOpen size={16} aria-hidden />
          {t('video.openClip')}
        </Button>
        {entry !== undefined && entry.result.ref.sha256 !== source?.ref.sha256 && (
          <Button onClick={() => editClip(entry.result, entry.request.segments?.[0]?.prompt ?? entry.request.prompt)}>
            <Film size={16} aria-hidden />
            {t('video.editShown')}
          </Button>
        )}
      </div>
      {total > 1 && (
        <>
          <FrameField
            id="clip-start"
            label={t('video.start')}
            value={part.start + 1}
            min={1}
            max={part.start + part.frames}
            onChange={(first) =>
              changeEdit('start', { start: first - 1, frames: part.start + part.frames - (first - 1) })
            }
          />
          <FrameField
            id="clip-end"
            label={t('video.end')}
            value={part.start + part.frames}
            min={part.start + 1}
            max={total}
            onChange={(last) => changeEdit('end', { frames: last - part.start })}
          />
          <p className="hint">
            {t('video.part', { count: part.frames, total })}
            {part.frames > window && ` ${t('video.windows', { window })}`}
          </p>
        </>
      )}
      {source !== null && method.inputs.mask !== undefined && <BoxFields source={source} box={edit.box} />}
      {method.inputs.sourcePrompt !== undefined && (
        <PromptInput
          id="clip-source-prompt"
          label={t('video.sourcePrompt')}
          value={edit.sourcePrompt}
          placeholder={t('video.promptPlaceholder')}
          model={model}
          other={edit.prompt}
          onChange={(sourcePrompt) => changeEdit('sourcePrompt', { sourcePrompt })}
        />
      )}
      <PromptInput
        id="clip-target-prompt"
        label={t('video.targetPrompt')}
        value={edit.prompt}
        placeholder={t('video.targetPlaceholder')}
        model={model}
        other={method.inputs.sourcePrompt === undefined ? undefined : edit.sourcePrompt}
        onChange={(prompt) => changeEdit('prompt', { prompt })}
      />
    </section>
  );
}

/** The number of a frame, counted from 1. */
function FrameField({ onChange, ...field }: Omit<ComponentProps<typeof NumberField>, 'step'>) {
  return (
    <div className="param">
      <label htmlFor={field.id}>{field.label}</label>
      <NumberField {...field} step={1} onChange={(frame) => onChange(Math.round(frame))} />
    </div>
  );
}
