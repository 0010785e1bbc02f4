import { ArrowLeft, ArrowRight, Clapperboard, Square, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry, MethodDescription, ModelInfo } from '../../../../contract/index.ts';
import { cancelRun } from '../../actions/actions.ts';
import { ParamControl } from '../../panels/MethodControls.tsx';
import { RunProgressBar } from '../../panels/RunBar.tsx';
import { PromptField } from '../../prompt/PromptField.tsx';
import type { VideoDraft } from '../../state/document.ts';
import { defaultsFor } from '../../state/request.ts';
import { randomSeed } from '../../state/runs.ts';
import { useSession } from '../../state/session.ts';
import { changeVideo, newClip, submitVideo, TIMELINE_METHOD } from '../../state/video.ts';
import { Button, IconButton, NumberField, NumberInput, SelectField } from '../../ui/controls.tsx';
import { type Division, snapped } from '../../video/layout.ts';
import { lengthsOf, readPrompts } from '../../video/promptforms.ts';
import { VideoExport } from './VideoExport.tsx';

interface VideoPanelProps {
  readonly draft: VideoDraft;
  readonly model: ModelInfo | undefined;
  readonly division: Division;
  readonly chosen: number;
  readonly onChoose: (clip: number) => void;
  readonly entry: HistoryEntry | undefined;
}

const NO_MARKS = { changed: [], unknown: [], heated: null } as const;

/** What is chosen on the timeline, how the whole is made, and the button that makes it. */
export function VideoPanel({ draft, model, division, chosen, onChoose, entry }: VideoPanelProps) {
  const { t } = useTranslation();
  const { methods, models } = useSession();
  const method = methods.find(({ id }) => id === TIMELINE_METHOD);
  const able = models.filter(({ makes }) => makes === 'video');
  return (
    <aside className="video-side" aria-label={t('video.title')}>
      <div className="scroll">
        {model === undefined ? (
          <p className="bad">{t('video.noModel')}</p>
        ) : (
          <SelectField
            id="video-model"
            label={t('edit.model')}
            value={model.ref}
            choices={able.map(({ ref, title }) => ({ value: ref, title, summary: '' }))}
            onChange={(checkpoint) => changeVideo('model', { checkpoint })}
          />
        )}
        <ChosenClip draft={draft} division={division} chosen={chosen} onChoose={onChoose} />
        <Pasted tile={division.tile} onChoose={onChoose} />
        {method !== undefined && <Controls draft={draft} method={method} model={model} />}
        {entry !== undefined && <VideoExport entry={entry} />}
      </div>
      <MakeBar draft={draft} isAble={model !== undefined && method !== undefined} />
    </aside>
  );
}

function ChosenClip({
  draft,
  division,
  chosen,
  onChoose,
}: Pick<VideoPanelProps, 'draft' | 'division' | 'chosen' | 'onChoose'>) {
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
      <div className="field">
        <label htmlFor="clip-prompt">{t('video.prompt')}</label>
        <PromptField
          key={clip.id}
          id="clip-prompt"
          label={t('video.prompt')}
          describedBy="clip-length-hint"
          value={clip.prompt}
          placeholder={t('video.promptPlaceholder')}
          marks={NO_MARKS}
          onChange={(prompt) => put('prompt', { prompt })}
          onWord={() => {}}
        />
      </div>
      <div className="param inline">
        <label htmlFor="clip-frames">{t('video.length')}</label>
        <NumberInput
          id="clip-frames"
          label={t('video.length')}
          value={snapped(clip.frames, division)}
          min={division.tile}
          max={division.tile + 20 * (division.tile - division.overlap)}
          step={division.tile - division.overlap}
          onChange={(frames) => put('length', { frames: snapped(frames, division) })}
        />
        <p className="hint" id="clip-length-hint">
          {t('video.lengthHint', { step: division.tile - division.overlap })}
        </p>
      </div>
    </section>
  );
}

/** Prompts in the forms that people already have. */
function Pasted({ tile, onChoose }: { readonly tile: number; readonly onChoose: (clip: number) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const prompts = readPrompts(text);
  const use = () => {
    const lengths = lengthsOf(prompts, tile);
    changeVideo('pasted', { clips: prompts.map(({ prompt }, at) => newClip(prompt, lengths[at] ?? tile)) });
    onChoose(0);
    setText('');
  };
  return (
    <details className="field pasted">
      <summary>{t('video.paste')}</summary>
      <textarea
        className="text"
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

function Controls({
  draft,
  method,
  model,
}: {
  readonly draft: VideoDraft;
  readonly method: MethodDescription;
  readonly model: ModelInfo | undefined;
}) {
  const { t } = useTranslation();
  const defaults = defaultsFor(method, model);
  return (
    <section className="controls" aria-label={t('controls.title')}>
      <h2>{t('controls.title')}</h2>
      <div className="param">
        <label htmlFor="video-negative">{t('prompt.negative')}</label>
        <input
          id="video-negative"
          className="text"
          value={draft.negative}
          onChange={({ target }) => changeVideo('negative', { negative: target.value })}
        />
      </div>
      {method.params.map((param) => (
        <ParamControl
          key={param.name}
          param={param}
          value={draft.params[param.name] ?? defaults.params[param.name] ?? param.default}
          isDefault={!(param.name in draft.params)}
          onChange={(value) => changeVideo(param.name, { params: { ...draft.params, [param.name]: value } })}
        />
      ))}
      <div className="param">
        <label htmlFor="video-steps">{t('controls.steps')}</label>
        <NumberField
          id="video-steps"
          label={t('controls.steps')}
          value={draft.steps ?? defaults.steps}
          isDefault={draft.steps === null}
          min={1}
          max={100}
          step={1}
          onChange={(steps) => changeVideo('steps', { steps: Math.round(steps) })}
        />
        <p className="hint">{t('controls.stepsHint')}</p>
      </div>
      <div className="param">
        <label htmlFor="video-guidance">{t('controls.guidance')}</label>
        <NumberField
          id="video-guidance"
          label={t('controls.guidance')}
          value={draft.guidance ?? defaults.guidance}
          isDefault={draft.guidance === null}
          min={0}
          max={20}
          step={0.1}
          onChange={(guidance) => changeVideo('guidance', { guidance: Math.round(guidance * 100) / 100 })}
        />
        <p className="hint">{t('controls.guidanceHint')}</p>
      </div>
      <div className="param inline">
        <label htmlFor="video-seed">{t('controls.seed')}</label>
        <NumberInput
          id="video-seed"
          label={t('controls.seed')}
          value={draft.seed}
          min={0}
          max={Number.MAX_SAFE_INTEGER}
          step={1}
          onChange={(seed) => changeVideo('seed', { seed: Math.round(seed) })}
        />
        <Button tone="quiet" onClick={() => changeVideo('seed', { seed: randomSeed() })}>
          {t('controls.newSeed')}
        </Button>
      </div>
    </section>
  );
}

function MakeBar({ draft, isAble }: { readonly draft: VideoDraft; readonly isAble: boolean }) {
  const { t } = useTranslation();
  const { run, queue, link, engine } = useSession();
  const isBusy = run !== null || queue.jobs.some(({ state }) => state === 'waiting');
  const isComplete = draft.clips.every(({ prompt }) => prompt.trim() !== '');
  return (
    <div className="run-bar">
      <div className="estimate" aria-live="polite">
        {isComplete ? ' ' : t('video.missingPrompt')}
      </div>
      {run !== null && <RunProgressBar />}
      <div className="run-buttons">
        <Button
          tone="primary"
          disabled={!isAble || !isComplete || link !== 'open' || engine.state === 'stopped'}
          onClick={() => void submitVideo()}
        >
          <Clapperboard size={16} aria-hidden />
          {t(isBusy ? 'video.queue' : 'video.make')}
        </Button>
        {run !== null && (
          <IconButton label={t('run.cancel')} onClick={cancelRun}>
            <Square size={16} aria-hidden />
          </IconButton>
        )}
      </div>
    </div>
  );
}
