import { Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry } from '../../../../contract/index.ts';
import { tryCall } from '../../state/connection.ts';
import { useSession } from '../../state/session.ts';
import { changeVideo, recallVideo } from '../../state/video.ts';
import { titleOf } from '../../state/videorequest.ts';
import { IconButton } from '../../ui/controls.tsx';
import { useThumbnail } from '../../ui/thumbnail.ts';

/** Finished videos, newest first. */
export function VideoResults({ shown }: { readonly shown: string | null }) {
  const { t } = useTranslation();
  const history = useSession((session) => session.history);
  const videos = history.filter(({ result }) => result.frames !== undefined);
  return (
    <section className="history" aria-label={t('video.results')}>
      <div className="history-head">
        <h2>{t('video.results')}</h2>
        {videos.some(({ id }) => id === shown) && shown !== null && (
          <IconButton label={t('history.remove')} onClick={() => void tryCall('history.remove', { id: shown })}>
            <Trash2 size={16} aria-hidden />
          </IconButton>
        )}
      </div>
      {videos.length === 0 ? (
        <p className="empty">{t('video.noResults')}</p>
      ) : (
        <ul className="strip">
          {videos.map((entry) => (
            <li key={entry.id}>
              <Thumb entry={entry} isShown={entry.id === shown} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Thumb({ entry, isShown }: { readonly entry: HistoryEntry; readonly isShown: boolean }) {
  const { t } = useTranslation();
  const url = useThumbnail(entry.result);
  const label = t('video.result', { prompt: titleOf(entry.request), seed: entry.request.seed });
  return (
    <button
      type="button"
      className={isShown ? 'thumb shown' : 'thumb'}
      aria-pressed={isShown}
      title={label}
      onClick={() => (isShown ? changeVideo('result', { shown: null }) : void recallVideo(entry))}
    >
      {url !== undefined && <img src={url} alt={label} draggable={false} />}
    </button>
  );
}
