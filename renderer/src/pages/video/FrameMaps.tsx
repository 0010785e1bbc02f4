import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry } from '../../../../contract/index.ts';
import { isNamed } from '../../canvas/promptwords.ts';
import { useThumbnail } from '../../ui/thumbnail.ts';

/** The words of a video that have maps; the chosen one's lies over each frame. */
export function FrameMaps({
  entry,
  frame,
  total,
}: {
  readonly entry: HistoryEntry;
  readonly frame: number;
  readonly total: number;
}) {
  const { t } = useTranslation();
  const [word, setWord] = useState<string | null>(null);
  const words = useMemo(() => [...new Set(entry.maps.map((map) => map.word))].filter(isNamed), [entry]);
  const url = useMapAt(entry, word, frame, total);
  if (words.length === 0) return null;
  return (
    <>
      {url !== undefined && <div className="player-map" style={{ maskImage: `url(${url})` }} aria-hidden />}
      <fieldset className="canvas-maps player-words" aria-label={t('video.maps')}>
        <span className="canvas-maps-title" aria-hidden>
          {t('video.maps')}
        </span>
        {words.map((name) => (
          <button
            key={name}
            type="button"
            className={name === word ? 'canvas-chip looked' : 'canvas-chip'}
            aria-pressed={name === word}
            onClick={() => setWord(name === word ? null : name)}
          >
            {name}
          </button>
        ))}
      </fieldset>
    </>
  );
}

/** Maps are of latent frames, of which a model may code several frames each: the one that a frame belongs to. */
function useMapAt({ maps }: HistoryEntry, word: string | null, frame: number, total: number): string | undefined {
  const last = Math.max(0, ...maps.map((map) => map.frame ?? 0));
  const latent = total <= 1 ? 0 : Math.round((frame / (total - 1)) * last);
  return useThumbnail(maps.find((map) => map.word === word && (map.frame ?? 0) === latent)?.map);
}
