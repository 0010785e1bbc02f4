import { Columns2, Pause, Play, Repeat } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry, MediaInfo } from '../../../../contract/index.ts';
import { sentenceOf } from '../../state/connection.ts';
import { useSession } from '../../state/session.ts';
import { IconButton } from '../../ui/controls.tsx';
import { type ClipFrames, drawPixels, framesOf } from '../../video/frames.ts';
import { FrameMaps } from './FrameMaps.tsx';

/** Plays the shown video, or shows the frames of the running one as they come. */
export function Player({
  entry,
  source,
  sourceStart,
  total,
  frame,
  onFrame,
  children,
}: {
  readonly entry: HistoryEntry | undefined;
  /** The clip that is edited: played while there is no result, and to compare with it. */
  readonly source: MediaInfo | undefined;
  /** Its frame that the first one of the result was made from. */
  readonly sourceStart: number;
  readonly total: number;
  readonly frame: number;
  readonly onFrame: (frame: number) => void;
  /** What lies over the clip before it has changed. */
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isComparing, setComparing] = useState(false);
  const canCompare = entry !== undefined && source !== undefined;
  const showsSource = entry === undefined || (canCompare && isComparing);
  const { clip, problem } = useClip(showsSource ? source : entry.result);
  const live = useLiveFrame(frame);
  const [isPlaying, setPlaying] = useState(false);
  const [isLooping, setLooping] = useState(true);
  const fps = clip?.fps ?? 8;
  const isEmpty = live === undefined && clip === undefined;

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (canvas.current === null || context === null || context === undefined) return;
    const picture = live ?? clip?.frames[showsSource ? frame + sourceStart : frame];
    if (picture === undefined) return;
    canvas.current.width = picture.width;
    canvas.current.height = picture.height;
    if ('data' in picture) drawPixels(context, picture);
    else context.drawImage(picture, 0, 0);
  }, [live, clip, frame, showsSource, sourceStart]);

  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => {
      const next = frame + 1;
      if (next < total) onFrame(next);
      else if (isLooping) onFrame(0);
      else setPlaying(false);
    }, 1000 / fps);
    return () => clearTimeout(timer);
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
        {entry !== undefined && live === undefined && !isComparing && (
          <FrameMaps entry={entry} frame={frame} total={total} />
        )}
        {showsSource && live === undefined && clip !== undefined && children}
        {live !== undefined && <span className="player-live">{t('video.live')}</span>}
      </div>
      <div className="player-bar">
        <IconButton label={t(isPlaying ? 'video.pause' : 'video.play')} onClick={() => setPlaying(!isPlaying)}>
          {isPlaying ? <Pause size={18} aria-hidden /> : <Play size={18} aria-hidden />}
        </IconButton>
        <IconButton label={t('video.loop')} isPressed={isLooping} onClick={() => setLooping(!isLooping)}>
          <Repeat size={18} aria-hidden />
        </IconButton>
        {canCompare && (
          <IconButton label={t('video.compare')} isPressed={isComparing} onClick={() => setComparing(!isComparing)}>
            <Columns2 size={18} aria-hidden />
          </IconButton>
        )}
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

function useClip(shown: MediaInfo | undefined): { readonly clip?: ClipFrames; readonly problem?: string } {
  const [state, setState] = useState<{ readonly id: string; readonly clip?: ClipFrames; readonly problem?: string }>();
  useEffect(() => {
    if (shown === undefined) return;
    let isLate = false;
    framesOf(shown).then(
      (clip) => !isLate && setState({ id: shown.ref.sha256, clip }),
      (error: unknown) => !isLate && setState({ id: shown.ref.sha256, problem: sentenceOf(error) }),
    );
    return () => {
      isLate = true;
    };
  }, [shown]);
  return state?.id === shown?.ref.sha256 ? (state ?? {}) : {};
}
