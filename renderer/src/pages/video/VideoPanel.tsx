import { Clapperboard, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry, MethodDescription, ModelInfo, Timeline } from '../../../../contract/index.ts';
import { cancelRun } from '../../actions/actions.ts';
import { EstimateLine } from '../../panels/EstimateLine.tsx';
import { ParamControl } from '../../panels/MethodControls.tsx';
import { RunProgressBar } from '../../panels/RunBar.tsx';
import { SamplingControls } from '../../panels/SamplingControls.tsx';
import type { VideoDraft } from '../../state/document.ts';
import { useMethods } from '../../state/methods.ts';
import { controlsFor, defaultsFor, setByHand } from '../../state/request.ts';
import { useSession } from '../../state/session.ts';
import { changeVideo, changeVideoParam, submitVideo } from '../../state/video.ts';
import { changesClip, missingForVideo, videoMethodsOf, videoRequest } from '../../state/videorequest.ts';
import { Button, IconButton, LabelledSelect } from '../../ui/controls.tsx';
import { ClipFields } from './ClipFields.tsx';
import { TimelineFields } from './TimelineFields.tsx';
import { VideoExport } from './VideoExport.tsx';

interface VideoPanelProps {
  readonly draft: VideoDraft;
  readonly model: ModelInfo | undefined;
  readonly method: MethodDescription | undefined;
  readonly timeline: Timeline | undefined;
  readonly chosen: number;
  readonly onChoose: (clip: number) => void;
  readonly entry: HistoryEntry | undefined;
}

/** What is done, with what prompts and values, and the button that does it. */
export function VideoPanel({ draft, model, method, timeline, chosen, onChoose, entry }: VideoPanelProps) {
  const { t } = useTranslation();
  const { models } = useSession();
  const methods = useMethods();
  const able = models.filter(({ makes }) => makes === 'video');
  return (
    <aside className="video-side" aria-label={t('video.title')}>
      <div className="scroll">
        <div className="pair">
          {model === undefined ? (
            <p className="bad">{t('video.noModel')}</p>
          ) : (
            <LabelledSelect
              id="video-model"
              label={t('edit.model')}
              value={model.ref}
              choices={able.map(({ ref, title }) => ({ value: ref, title, summary: '' }))}
              onChange={(checkpoint) => changeVideo('model', { checkpoint })}
            />
          )}
          {method !== undefined && (
            <LabelledSelect
              id="video-method"
              label={t('edit.method')}
              value={method.id}
              choices={videoMethodsOf(methods).map(({ id, title, summary }) => ({ value: id, title, summary }))}
              onChange={(id) => changeVideo('method', { method: id, steps: null, guidance: null })}
            />
          )}
        </div>
        {method !== undefined && changesClip(method) ? (
          <ClipFields draft={draft} method={method} model={model} entry={entry} />
        ) : (
          <TimelineFields
            draft={draft}
            model={model}
            timeline={timeline}
            chosen={chosen}
            onChoose={onChoose}
            isMade={entry !== undefined}
          />
        )}
        {method !== undefined && <Controls draft={draft} method={method} model={model} />}
        {entry !== undefined && <VideoExport entry={entry} />}
      </div>
      <MakeBar draft={draft} model={model} method={method} />
    </aside>
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
  if (defaults === undefined) return null;
  const own = setByHand(draft.params, method);
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
      {controlsFor(method, defaults).map((param) => (
        <ParamControl
          key={param.name}
          param={param}
          value={own[param.name] ?? defaults.params[param.name] ?? param.default}
          isDefault={!(param.name in own)}
          onChange={(value) => changeVideoParam(method, param.name, value)}
        />
      ))}
      <SamplingControls values={draft} defaults={defaults} onChange={changeVideo} />
    </section>
  );
}

function MakeBar({
  draft,
  model,
  method,
}: Pick<VideoPanelProps, 'draft' | 'model'> & { readonly method: MethodDescription | undefined }) {
  const { t } = useTranslation();
  const { run, queue, link, engine } = useSession();
  const isBusy = run !== null || queue.jobs.some(({ state }) => state === 'waiting');
  const missing = method && missingForVideo(draft, method);
  return (
    <div className="run-bar">
      <EstimateLine
        request={model === undefined || method === undefined ? undefined : videoRequest(draft, method, model)}
        missing={missing && t(missing)}
      />
      {run !== null && <RunProgressBar />}
      <div className="run-buttons">
        <Button
          tone="primary"
          disabled={
            model === undefined ||
            method === undefined ||
            missing !== undefined ||
            link !== 'open' ||
            engine.state === 'stopped'
          }
          onClick={({ detail }) => detail < 2 && void submitVideo()}
        >
          <Clapperboard size={16} aria-hidden />
          {t(isBusy ? 'video.queue' : method !== undefined && changesClip(method) ? 'video.change' : 'video.make')}
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
