import { Download, FileText, ImagePlus, RotateCw, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry } from '../../../contract/index.ts';
import { loadMoreHistory, tryCall } from '../state/connection.ts';
import { change, useEditor } from '../state/editor.ts';
import { continueFrom, recall, runAgain } from '../state/runs.ts';
import { useSession } from '../state/session.ts';
import { setView } from '../state/view.ts';
import { Button, IconButton } from '../ui/controls.tsx';
import { useThumbnail } from '../ui/thumbnail.ts';

/** Every result, newest first. A click shows it and brings back everything that it was made with. */
export function HistoryStrip() {
  const { t } = useTranslation();
  const { history: all, hasMoreHistory } = useSession();
  const history = all.filter(({ result }) => result.frames === undefined);
  const shown = useEditor(({ document }) => document.shown);
  const entry = history.find(({ id }) => id === shown);
  return (
    <section className="history" aria-label={t('history.title')}>
      <div className="history-head">
        <h2>{t('history.title')}</h2>
        {entry !== undefined && <EntryButtons entry={entry} />}
      </div>
      {history.length === 0 ? (
        <p className="empty">{t('history.empty')}</p>
      ) : (
        <ul className="strip">
          {history.map((item) => (
            <li key={item.id}>
              <Thumb entry={item} isShown={item.id === shown} />
            </li>
          ))}
          {hasMoreHistory && (
            <li>
              <Button tone="quiet" onClick={() => void loadMoreHistory()}>
                {t('history.more')}
              </Button>
            </li>
          )}
        </ul>
      )}
    </section>
  );
}

function Thumb({ entry, isShown }: { readonly entry: HistoryEntry; readonly isShown: boolean }) {
  const { t } = useTranslation();
  const url = useThumbnail(entry.result);
  const { prompt, seed } = entry.request;
  return (
    <button
      type="button"
      className={isShown ? 'thumb shown' : 'thumb'}
      aria-pressed={isShown}
      title={`${prompt}\n${t('queue.seed', { seed })}`}
      onClick={() => void (isShown ? change('result', { shown: null }) : recall(entry))}
    >
      {url !== undefined && <img src={url} alt={t('history.result', { prompt, seed })} draggable={false} />}
    </button>
  );
}

function EntryButtons({ entry }: { readonly entry: HistoryEntry }) {
  const { t } = useTranslation();
  const { changedOutside, totalMs } = entry.figures;
  return (
    <div className="row">
      <span className="hint">
        {changedOutside !== undefined && `${t('history.outside', { count: changedOutside })} · `}
        {totalMs !== undefined && `${(totalMs / 1000).toFixed(1)} s`}
      </span>
      <IconButton label={t('history.redo')} onClick={() => void runAgain(entry)}>
        <RotateCw size={16} aria-hidden />
      </IconButton>
      <IconButton label={t('history.continue')} onClick={() => continueFrom(entry)}>
        <ImagePlus size={16} aria-hidden />
      </IconButton>
      <IconButton label={t('history.record')} onClick={() => setView({ dialog: 'record' })}>
        <FileText size={16} aria-hidden />
      </IconButton>
      <IconButton label={t('history.export')} onClick={() => setView({ dialog: 'export' })}>
        <Download size={16} aria-hidden />
      </IconButton>
      <IconButton label={t('history.remove')} onClick={() => void tryCall('history.remove', { id: entry.id })}>
        <Trash2 size={16} aria-hidden />
      </IconButton>
    </div>
  );
}
