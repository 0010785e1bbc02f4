import { Pause, Play, Repeat } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry } from '../../../../contract/index.ts';
import { sentenceOf } from '../../state/connection.ts';
import { useSession } from '../../state/session.ts';
import { IconButton } from '../../ui/controls.tsx';
import { type ClipFrames, drawPixels, framesOf } from '../../video/frames.ts';
import { FrameMaps } from './FrameMaps.tsx';

/** Plays the shown video, or shows the frames of the running one as they come. */
export function Player({
  entry,
  total,
  frame,
  onFrame,
}: {
  readonly entry: HistoryEntry | undefined;
  readonly total: number;
  readonly frame: number;
  readonly onFrame: (frame: number) => void;
}) {
  const { t } = useTranslation();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { clip, problem } = useClip(entry);
  const live = useLiveFrame(frame);
  const [isPlaying, setPlaying] = useState(false);
  const [isLooping, setLooping] = useState(true);
  const fps = clip?.fps ?? 8;
  const isEmpty = live === undefined && clip === undefined;

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (canvas.current === null || context === null || context === undefined) return;
    const picture = live ?? clip?.frames[frame];
    if (picture === undefined) return;
    canvas.current.width = picture.width;
    canvas.current.height = picture.height;
    if ('data' in picture) drawPixels(context, picture);
    else context.drawImage(picture, 0, 0);
  }, [live, clip, frame]);

  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(() => {
      const next = frame + 1;
      if (next < total) onFrame(next);
      else if (isLooping) onFrame(0);
      else setPlaying(false);
    }, 1000 / fps);
    return () => clearInterval(timer);
  }, [isPlaying, isLooping, frame, total, fps, onFrame]);

  return (
    <section className="player" aria-label={t('video.player')}>
      <div className="player-stage">
        {isEmpty && <p className="empty">{problem ?? t('video.empty')}</p>}
        <canvas
          ref={canvas}
          hidden={isEmpty}
          role="img"
          aria-label={t('video.position', { frame: frame + 1, total })}
        />
        {entry !== undefined && live === undefined && <FrameMaps entry={entry} frame={frame} total={total} />}
        {live !== undefined && <span className="player-live">{t('video.live')}</span>}
      </div>
      <div className="player-bar">
        <IconButton label={t(isPlaying ? 'video.pause' : 'video.play')} onClick={() => setPlaying(!isPlaying)}>
          {isPlaying ? <Pause size={18} aria-hidden /> : <Play size={18} aria-hidden />}
        </IconButton>
        <IconButton label={t('video.loop')} isPressed={isLooping} onClick={() => setLooping(!isLooping)}>
          <Repeat size={18} aria-hidden />
        </IconButton>
        <input
          type="range"
          className="scrub"
          aria-label={t('video.frame')}
          min={0}
          max={Math.max(0, total - 1)}
          step={1}
          value={frame}
          aria-valuetext={t('video.position', { frame: frame + 1, total })}
          onChange={({ target }) => onFrame(Number(target.value))}
        />
        <output className="hint frame-count">
          {t('video.position', { frame: frame + 1, total })} ·{' '}
          {t('video.seconds', { seconds: (frame / fps).toFixed(1) })}
        </output>
      </div>
    </section>
  );
}

/** Of the running video the preview nearest to a frame; undefined while none runs or has shown anything. */
function useLiveFrame(frame: number) {
  const frames = useSession(({ run }) => run?.frames);
  const known = Object.keys(frames ?? {}).map(Number);
  const nearest = known.reduce<number | undefined>(
    (best, at) => (best === undefined || Math.abs(at - frame) < Math.abs(best - frame) ? at : best),
    undefined,
  );
  return nearest === undefined ? undefined : frames?.[nearest];
}

function useClip(entry: HistoryEntry | undefined): { readonly clip?: ClipFrames; readonly problem?: string } {
  const [state, setState] = useState<{ readonly id: string; readonly clip?: ClipFrames; readonly problem?: string }>();
  const result = entry?.result;
  useEffect(() => {
    if (result === undefined) return;
    let isLate = false;
    framesOf(result).then(
      (clip) => !isLate && setState({ id: result.ref.sha256, clip }),
      (error: unknown) => !isLate && setState({ id: result.ref.sha256, problem: sentenceOf(error) }),
    );
    return () => {
      isLate = true;
    };
  }, [result]);
  return state?.id === result?.ref.sha256 ? (state ?? {}) : {};
}
