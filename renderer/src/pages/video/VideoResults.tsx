import { Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { ResultStrip } from '../../panels/ResultStrip.tsx';
import { removeResult } from '../../state/editor.ts';
import { useSession } from '../../state/session.ts';
import { recallVideo, showVideo } from '../../state/video.ts';
import { titleOf } from '../../state/videorequest.ts';
import { IconButton } from '../../ui/controls.tsx';

/** Finished videos, newest first. */
export function VideoResults({ shown }: { readonly shown: string | null }) {
  const { t } = useTranslation();
  const history = useSession((session) => session.history);
  const videos = history.filter(({ result }) => result.frames !== undefined);
  return (
    <ResultStrip
      title={t('video.results')}
      empty={t('video.noResults')}
      entries={videos}
      shown={shown}
      labelOf={({ request }) => t('video.result', { prompt: titleOf(request), seed: request.seed })}
      onShow={(entry) => (entry === undefined ? showVideo(null) : void recallVideo(entry))}
    >
      {videos.some(({ id }) => id === shown) && shown !== null && (
        <IconButton label={t('history.remove')} onClick={() => removeResult(shown)}>
          <Trash2 size={16} aria-hidden />
        </IconButton>
      )}
    </ResultStrip>
  );
}
