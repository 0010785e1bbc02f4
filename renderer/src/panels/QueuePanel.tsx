import { ArrowDown, ArrowUp, Pause, Play, RotateCw, Trash2, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { presentMethodId, type QueuedJob } from '../../../contract/index.ts';
import { cancelRun, togglePause } from '../actions/actions.ts';
import { tryCall } from '../state/connection.ts';
import { useMethods } from '../state/methods.ts';
import { useSession } from '../state/session.ts';
import { titleOf } from '../state/videorequest.ts';
import { Button, IconButton } from '../ui/controls.tsx';

/** Jobs that are listed; of a longer queue the rest is counted. */
const LISTED = 200;

/** Jobs that run, wait or failed. */
export function QueuePanel() {
  const { t } = useTranslation();
  const { queue, run } = useSession();
  const waiting = queue.jobs.filter(({ state }) => state === 'waiting');
  return (
    <section className="queue-panel scroll" aria-label={t('queue.title')}>
      <div className="section-line">
        <h2>{t('queue.count', { count: waiting.length })}</h2>
        <div className="row">
          <Button tone="quiet" onClick={togglePause}>
            {queue.isPaused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
            {t(queue.isPaused ? 'queue.resume' : 'queue.pause')}
          </Button>
          <Button tone="quiet" disabled={waiting.length === 0} onClick={() => void tryCall('queue.clear', {})}>
            <Trash2 size={14} aria-hidden />
            {t('queue.clear')}
          </Button>
        </div>
      </div>
      {queue.jobs.length === 0 && <p className="empty">{t('queue.empty')}</p>}
      <ol className="jobs">
        {queue.jobs.slice(0, LISTED).map((job) => (
          <JobItem
            key={job.job}
            job={job}
            place={waiting.indexOf(job)}
            waiting={waiting}
            progress={run?.job === job.job && run.of > 0 ? run.step / run.of : undefined}
          />
        ))}
      </ol>
      {queue.jobs.length > LISTED && <p className="hint">{t('queue.more', { count: queue.jobs.length - LISTED })}</p>}
    </section>
  );
}

function JobItem({
  job: { job, state, request, error, attempts },
  place,
  waiting,
  progress,
}: {
  readonly job: QueuedJob;
  /** Among those that wait; -1 for one that does not. */
  readonly place: number;
  readonly waiting: readonly QueuedJob[];
  readonly progress: number | undefined;
}) {
  const { t } = useTranslation();
  const method = useMethods().find(({ id }) => id === presentMethodId(request.method));
  const isPaused = useSession((session) => session.queue.isPaused);
  const earlier = waiting[place - 1]?.job;
  const afterNext = waiting[place + 2]?.job;
  return (
    <li className={`job ${state}`}>
      <div className="job-text">
        <span className="job-prompt">{titleOf(request) || t('queue.noPrompt')}</span>
        <span className="hint">
          {t(state === 'running' && isPaused ? 'run.paused' : `queue.state.${state}`)}
          {attempts > 1 && ` · ${t('queue.attempts', { count: attempts })}`} · {method?.title ?? request.method} ·{' '}
          {t('queue.seed', { seed: request.seed })}
        </span>
        {error !== undefined && <span className="bad">{error.message}</span>}
        {progress !== undefined && (
          <div className="progress" aria-hidden>
            <div style={{ width: `${progress * 100}%` }} />
          </div>
        )}
      </div>
      <div className="job-buttons">
        {state === 'waiting' && (
          <>
            <IconButton
              label={t('queue.up')}
              disabled={earlier === undefined}
              onClick={() => earlier !== undefined && void tryCall('jobs.move', { job, before: earlier })}
            >
              <ArrowUp size={14} aria-hidden />
            </IconButton>
            <IconButton
              label={t('queue.down')}
              disabled={place === waiting.length - 1}
              onClick={() => void tryCall('jobs.move', { job, ...(afterNext !== undefined && { before: afterNext }) })}
            >
              <ArrowDown size={14} aria-hidden />
            </IconButton>
          </>
        )}
        {(state === 'failed' || state === 'cancelled') && (
          <IconButton label={t('queue.retry')} onClick={() => void tryCall('jobs.retry', { job })}>
            <RotateCw size={14} aria-hidden />
          </IconButton>
        )}
        <IconButton
          label={t(state === 'running' ? 'run.cancel' : 'queue.remove')}
          onClick={() => (state === 'running' ? cancelRun() : void tryCall('jobs.remove', { job }))}
        >
          <X size={14} aria-hidden />
        </IconButton>
      </div>
    </li>
  );
}
