import { Download, Pause, Play, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { BatchState } from '../../../../contract/index.ts';
import { tryCall } from '../../state/connection.ts';
import { notify, useSession } from '../../state/session.ts';
import { IconButton } from '../../ui/controls.tsx';
import { saveFrom } from '../../ui/save.ts';

/** Batches that run or ran, the newest first. */
export function BatchList() {
  const { t } = useTranslation();
  const batches = useSession((session) => session.batches);
  return (
    <section className="batches" aria-label={t('batch.running')}>
      <h2>{t('batch.running')}</h2>
      {batches.length === 0 && <p className="empty">{t('batch.none')}</p>}
      <ul>
        {batches.map((batch) => (
          <BatchItem key={batch.batch} state={batch} />
        ))}
      </ul>
    </section>
  );
}

function BatchItem({ state: { batch, name, total, done, failed, state } }: { readonly state: BatchState }) {
  const { t } = useTranslation();
  const download = async () => {
    const shell = window.attuneShell;
    if (shell === undefined) return saveFrom(`./batches/${batch}.zip`);
    const chosen = await shell.chooseSave(`${name}.zip`);
    if (chosen === null) return;
    const saved = await tryCall('batch.save', { batch, grant: chosen.grant });
    if (saved !== undefined) notify('info', t('batch.saved', saved));
  };
  const text = `${t('batch.progress', { done, total })} · ${t(`batch.state.${state}`)}`;
  return (
    <li className="batch">
      <div className="section-line">
        <span className="batch-name">{name}</span>
        <div className="row">
          {state === 'running' && (
            <IconButton label={t('batch.pause')} onClick={() => void tryCall('batch.pause', { batch })}>
              <Pause size={14} aria-hidden />
            </IconButton>
          )}
          {state === 'paused' && (
            <IconButton label={t('batch.resume')} onClick={() => void tryCall('batch.resume', { batch })}>
              <Play size={14} aria-hidden />
            </IconButton>
          )}
          {(state === 'running' || state === 'paused') && (
            <IconButton label={t('batch.cancel')} onClick={() => void tryCall('batch.cancel', { batch })}>
              <Square size={14} aria-hidden />
            </IconButton>
          )}
          <IconButton label={t('batch.download')} disabled={done === 0} onClick={() => void download()}>
            <Download size={14} aria-hidden />
          </IconButton>
        </div>
      </div>
      <div
        className="progress"
        role="progressbar"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        aria-valuetext={text}
      >
        <div style={{ width: `${total === 0 ? 0 : (100 * done) / total}%` }} />
      </div>
      <span className="hint">
        {text}
        {failed > 0 && <span className="bad"> · {t('batch.failed', { count: failed })}</span>}
      </span>
    </li>
  );
}
