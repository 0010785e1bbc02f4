import { Film, FolderOpen } from 'lucide-react';
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
  const part = partOf(edit, model);
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
      {source !== null && part.frames < (source.frames ?? 1) && (
        <div className="param">
          <label htmlFor="clip-start">{t('video.start')}</label>
          <NumberField
            id="clip-start"
            label={t('video.start')}
            value={part.start + 1}
            min={1}
            max={(source.frames ?? 1) - part.frames + 1}
            step={1}
            onChange={(first) => changeEdit('start', { start: Math.round(first) - 1 })}
          />
          <p className="hint">
            {t('video.part', { first: part.start + 1, last: part.start + part.frames })} {t('video.partHint')}
          </p>
        </div>
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
