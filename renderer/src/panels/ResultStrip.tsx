import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry } from '../../../contract/index.ts';
import { loadMoreHistory } from '../state/connection.ts';
import { useSession } from '../state/session.ts';
import { Button } from '../ui/controls.tsx';
import { useThumbnail } from '../ui/thumbnail.ts';

export interface ResultStripProps {
  readonly title: string;
  /** Said where there is none. */
  readonly empty: string;
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  readonly shown: string | null;
  readonly labelOf: (entry: HistoryEntry) => string;
  /** Another one was chosen, or the shown one again: undefined. */
  readonly onShow: (entry: HistoryEntry | undefined) => void;
  /** What can be done with the shown one. */
  readonly children?: ReactNode;
}

/** Results as a strip of small pictures; older ones of the history come when asked for. */
export function ResultStrip({ title, empty, entries, shown, labelOf, onShow, children }: ResultStripProps) {
  const { t } = useTranslation();
  const { hasMoreHistory } = useSession();
  return (
    <section className="history" aria-label={title}>
      <div className="history-head">
        <h2>{title}</h2>
        {children}
      </div>
      {entries.length === 0 && !hasMoreHistory ? (
        <p className="empty">{empty}</p>
      ) : (
        <ul className="strip">
          {entries.map((entry) => (
            <li key={entry.id}>
              <Thumb entry={entry} isShown={entry.id === shown} label={labelOf(entry)} onShow={onShow} />
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

function Thumb({
  entry,
  isShown,
  label,
  onShow,
}: Pick<ResultStripProps, 'onShow'> & {
  readonly entry: HistoryEntry;
  readonly isShown: boolean;
  readonly label: string;
}) {
  const url = useThumbnail(entry.result);
  return (
    <button
      type="button"
      className={isShown ? 'thumb shown' : 'thumb'}
      aria-pressed={isShown}
      title={label}
      onClick={() => onShow(isShown ? undefined : entry)}
    >
      {url !== undefined && <img src={url} alt={label} draggable={false} />}
    </button>
  );
}
