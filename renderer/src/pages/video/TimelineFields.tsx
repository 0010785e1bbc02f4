import { ArrowLeft, ArrowRight, RefreshCw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelInfo, Timeline } from '../../../../contract/index.ts';
import { PromptInput } from '../../panels/PromptInput.tsx';
import type { VideoDraft } from '../../state/document.ts';
import { changeVideo, remakeClip } from '../../state/video.ts';
import { newClip } from '../../state/videorequest.ts';
import { Button, IconButton, NumberInput } from '../../ui/controls.tsx';
import { lengthOf, longestOf } from '../../video/layout.ts';
import { lengthsOf, readPrompts } from '../../video/promptforms.ts';

interface TimelineFieldsProps {
  readonly draft: VideoDraft;
  readonly model: ModelInfo | undefined;
  /** Absent until the engine has said how the video divides. */
  readonly timeline: Timeline | undefined;
  readonly chosen: number;
  readonly onChoose: (clip: number) => void;
  /** Whether there is a video whose part could be made anew. */
  readonly isMade: boolean;
}

/** The prompt that is chosen on the timeline, and prompts from elsewhere. */
export function TimelineFields(props: TimelineFieldsProps) {
  return (
    <>
      <ChosenClip {...props} />
      <Pasted window={props.timeline?.window ?? 1} onChoose={props.onChoose} />
    </>
  );
}

function ChosenClip({ draft, model, timeline, chosen, onChoose, isMade }: TimelineFieldsProps) {
  const { t } = useTranslation();
  const clip = draft.clips[chosen];
  if (clip === undefined) return null;
  const put = (label: string, changed: Partial<typeof clip>) =>
    changeVideo(label, { clips: draft.clips.map((other) => (other === clip ? { ...clip, ...changed } : other)) });
  const move = (by: number) => {
    const clips = draft.clips.filter((other) => other !== clip);
    changeVideo('move', { clips: clips.toSpliced(chosen + by, 0, clip) });
    onChoose(chosen + by);
  };
  return (
    <section className="controls" aria-label={t('video.clip', { number: chosen + 1, prompt: clip.prompt })}>
      <div className="section-line">
        <h2>{t('video.clip', { number: chosen + 1, prompt: '' }).replace(/: $/, '')}</h2>
        <IconButton label={t('video.earlier')} disabled={chosen === 0} onClick={() => move(-1)}>
          <ArrowLeft size={16} aria-hidden />
        </IconButton>
        <IconButton label={t('video.later')} disabled={chosen === draft.clips.length - 1} onClick={() => move(1)}>
          <ArrowRight size={16} aria-hidden />
        </IconButton>
        <IconButton
          label={t('video.remove')}
          disabled={draft.clips.length === 1}
          onClick={() => {
            changeVideo('remove', { clips: draft.clips.filter((other) => other !== clip) });
            onChoose(Math.max(0, chosen - 1));
          }}
        >
          <Trash2 size={16} aria-hidden />
        </IconButton>
      </div>
      <PromptInput
        key={clip.id}
        id="clip-prompt"
        label={t('video.prompt')}
        value={clip.prompt}
        placeholder={t('video.promptPlaceholder')}
        model={model}
        onChange={(prompt) => put('prompt', { prompt })}
      />
      {timeline !== undefined && (
        <div className="param inline">
          <label htmlFor="clip-frames">{t('video.length')}</label>
          <NumberInput
            id="clip-frames"
            label={t('video.length')}
            value={lengthOf(clip.frames, timeline)}
            min={timeline.window}
            max={longestOf(timeline)}
            step={timeline.step}
            onChange={(frames) => put('length', { frames: lengthOf(frames, timeline) })}
          />
          <p className="hint" id="clip-length-hint">
            {t('video.lengthHint', { step: timeline.step })}
          </p>
        </div>
      )}
      {isMade && (
        <>
          <Button onClick={() => void remakeClip(chosen)}>
            <RefreshCw size={16} aria-hidden />
            {t('video.remake')}
          </Button>
          <p className="hint">{t('video.remakeHint')}</p>
        </>
      )}
    </section>
  );
}

/** Prompts in the forms that people already have. */
function Pasted({ window, onChoose }: { readonly window: number; readonly onChoose: (clip: number) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const prompts = readPrompts(text);
  const use = () => {
    const lengths = lengthsOf(prompts, window);
    changeVideo('pasted', { clips: prompts.map(({ prompt }, at) => newClip(prompt, lengths[at] ?? window)) });
    onChoose(0);
    setText('');
  };
  return (
    <details className="field pasted">
      <summary>{t('video.paste')}</summary>
      <textarea
        className="text"
        data-own-undo
        rows={3}
        aria-label={t('video.paste')}
        aria-describedby="pasted-hint"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <p className="hint" id="pasted-hint">
        {t('video.pasteHint')}
      </p>
      <Button disabled={prompts.length === 0} onClick={use}>
        {t('video.usePasted')}
      </Button>
    </details>
  );
}
