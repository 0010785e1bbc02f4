import type { TFunction } from 'i18next';
import { Pause, Play, Square, WandSparkles } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { MethodDescription, ModelInfo } from '../../../contract/index.ts';
import { cancelRun, keysText, togglePause } from '../actions/actions.ts';
import { useEditor } from '../state/editor.ts';
import { useMaskCoverage } from '../state/mask.ts';
import { paintedArea } from '../state/region.ts';
import { missingFor, requestOf } from '../state/request.ts';
import { submitRun, submitVariations } from '../state/runs.ts';
import { type RunProgress, useSession } from '../state/session.ts';
import { Button, IconButton } from '../ui/controls.tsx';
import { durationText } from '../ui/format.ts';
import { EstimateLine } from './EstimateLine.tsx';

/** What a run will take, the button that starts it, and how far the running one is. */
export function RunBar({
  method,
  model,
}: {
  readonly method: MethodDescription | undefined;
  readonly model: ModelInfo | undefined;
}) {
  const { t } = useTranslation();
  const { document } = useEditor();
  const { run, queue, link, engine } = useSession();
  const coverage = useMaskCoverage();
  const missing = missingFor(document, method, coverage > 0);
  const waiting = queue.jobs.filter(({ state }) => state === 'waiting').length;
  const isRunning = run !== null;
  return (
    <div className="run-bar">
      <EstimateLine
        request={
          method === undefined || model?.isRunnable !== true ? undefined : requestOf(document, method, undefined)
        }
        missing={missing === undefined ? undefined : t(missing as 'missing.prompt')}
        painted={method?.inputs.mask === undefined ? undefined : paintedArea()}
      />
      {isRunning && <RunProgressBar />}
      <div className="run-buttons">
        <Button
          tone="primary"
          disabled={missing !== undefined || link !== 'open' || engine.state === 'stopped'}
          aria-keyshortcuts="Control+Enter Meta+Enter"
          // The second click of a double click asks for nothing more.
          onClick={({ detail }) => detail < 2 && void submitRun()}
        >
          <WandSparkles size={16} aria-hidden />
          {t(
            isRunning || waiting > 0 ? 'run.queue' : method?.inputs.source === undefined ? 'run.generate' : 'run.edit',
          )}
          {!isRunning && <kbd aria-hidden>{keysText('run')}</kbd>}
        </Button>
        <Button
          disabled={missing !== undefined || link !== 'open'}
          onClick={({ detail }) => detail < 2 && void submitVariations()}
        >
          {t('run.variations')}
        </Button>
        {(isRunning || waiting > 0) && (
          <>
            <IconButton
              label={t(queue.isPaused ? 'run.resume' : 'run.pause')}
              keys={keysText('pause')}
              onClick={togglePause}
            >
              {queue.isPaused ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />}
            </IconButton>
            <IconButton label={t('run.cancel')} keys={keysText('cancel')} disabled={!isRunning} onClick={cancelRun}>
              <Square size={16} aria-hidden />
            </IconButton>
          </>
        )}
      </div>
    </div>
  );
}

/** What a run does before its first step, and how far that is where it is more than one thing. */
function stageText(t: TFunction, { stage, part }: RunProgress): string {
  const doing = t(`stage.${stage}` as 'stage.open');
  if (part === null || part.of === 1) return doing;
  const text = t('stage.part', { stage: doing, part: part.part, of: part.of });
  return part.etaMs === null ? text : `${text} · ${t('run.left', { time: durationText(part.etaMs) })}`;
}

/** How far the running job is. */
export function RunProgressBar() {
  const { t } = useTranslation();
  const run = useSession((session) => session.run);
  const isPaused = useSession((session) => session.queue.isPaused);
  if (run === null) return null;
  const share = run.of === 0 ? 0 : run.step / run.of;
  const text = isPaused
    ? run.of === 0
      ? t('run.paused')
      : t('run.pausedAt', { step: run.step, of: run.of })
    : run.of === 0
      ? stageText(t, run)
      : `${t('run.step', { step: run.step, of: run.of })}${run.etaMs !== null && run.step < run.of ? ` · ${t('run.left', { time: durationText(run.etaMs) })}` : ''}`;
  return (
    <div className="progress-line">
      <div
        className={run.of === 0 && !isPaused ? 'progress busy' : 'progress'}
        role="progressbar"
        aria-label={t('run.progress')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={text}
      >
        <div style={{ width: `${share * 100}%` }} />
      </div>
      <span className="progress-text">{text}</span>
    </div>
  );
}
