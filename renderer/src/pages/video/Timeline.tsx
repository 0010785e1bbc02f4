import { Plus } from 'lucide-react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Timeline as Division, MethodDescription } from '../../../../contract/index.ts';
import type { VideoDraft } from '../../state/document.ts';
import { changeVideo, changeVideoParam } from '../../state/video.ts';
import { newClip } from '../../state/videorequest.ts';
import { Button } from '../../ui/controls.tsx';
import { framesOfTimeline, lengthOf, longestOf } from '../../video/layout.ts';

type Stretch = Division['stretches'][number];

interface TimelineProps {
  readonly draft: VideoDraft;
  /** The method that makes it. */
  readonly method: MethodDescription;
  readonly transitions: number;
  readonly division: Division;
  readonly chosen: number;
  readonly onChoose: (clip: number) => void;
  readonly frame: number;
  readonly onFrame: (frame: number) => void;
}

/** The prompts in their order and length; a right edge is dragged, or moved by the arrow keys. */
export function Timeline({ draft, method, transitions, division, chosen, onChoose, frame, onFrame }: TimelineProps) {
  const { t } = useTranslation();
  const { stretches, step } = division;
  const total = framesOfTimeline(division);
  const most = method.params.find(({ name }) => name === 'transitions');
  const share = (frames: number) => `${(100 * frames) / Math.max(1, total)}%`;
  const add = () => {
    const last = draft.clips.at(-1)?.prompt ?? '';
    changeVideo('add', { clips: [...draft.clips, newClip(last, division.window)] });
    onChoose(draft.clips.length);
  };
  return (
    <section className="timeline" aria-label={t('video.timeline')}>
      <div
        className="timeline-ruler"
        aria-hidden
        onPointerDown={(event) => onFrame(frameAt(event, total))}
        onPointerMove={(event) => event.buttons === 1 && onFrame(frameAt(event, total))}
      >
        {ticks(total).map((tick) => (
          <span key={tick} style={{ left: share(tick) }}>
            {tick + 1}
          </span>
        ))}
        <i className="playhead" style={{ left: share(frame + 0.5) }} />
      </div>
      <ul className="timeline-track">
        {stretches.map((stretch) => (
          <li
            key={`${stretch.kind}-${draft.clips[stretch.prompt]?.id}`}
            className={`stretch ${stretch.kind}`}
            style={{ left: share(stretch.start), width: share(stretch.end - stretch.start) }}
          >
            {stretch.kind === 'prompt' ? (
              <ClipBlock
                draft={draft}
                division={division}
                stretch={stretch}
                total={total}
                isChosen={stretch.prompt === chosen}
                onChoose={onChoose}
              />
            ) : (
              <Handle
                label={t('video.transitionLength')}
                text={t('video.transition', { from: stretch.prompt + 1, to: stretch.prompt + 2 })}
                value={transitions}
                min={0}
                max={most?.type === 'integer' ? most.max : transitions}
                step={1}
                framesPerStep={step}
                total={total}
                onChange={(windows) => changeVideoParam(method, 'transitions', windows)}
              />
            )}
          </li>
        ))}
      </ul>
      <div className="timeline-foot">
        <Button onClick={add}>
          <Plus size={16} aria-hidden />
          {t('video.add')}
        </Button>
        <span className="hint">{t('video.frames', { count: total })}</span>
      </div>
    </section>
  );
}

function ClipBlock({
  draft,
  division,
  stretch,
  total,
  isChosen,
  onChoose,
}: {
  readonly draft: VideoDraft;
  readonly division: Division;
  readonly stretch: Stretch;
  readonly total: number;
  readonly isChosen: boolean;
  readonly onChoose: (clip: number) => void;
}) {
  const { t } = useTranslation();
  const number = stretch.prompt + 1;
  const clip = draft.clips[stretch.prompt];
  if (clip === undefined) return null;
  const frames = lengthOf(clip.frames, division);
  return (
    <>
      <button type="button" className="clip-block" aria-pressed={isChosen} onClick={() => onChoose(stretch.prompt)}>
        <b>{number}</b>
        <span>{clip.prompt}</span>
      </button>
      <Handle
        label={t('video.clipLength', { number })}
        text={t('video.frames', { count: frames })}
        value={frames}
        min={division.window}
        max={longestOf(division)}
        step={division.step}
        framesPerStep={division.step}
        total={total}
        onChange={(length) =>
          changeVideo('length', {
            clips: draft.clips.map((other) =>
              other === clip ? { ...clip, frames: lengthOf(length, division) } : other,
            ),
          })
        }
      />
    </>
  );
}

/** An edge that is dragged or moved by the arrow keys. */
function Handle({
  label,
  text,
  value,
  min,
  max,
  step,
  framesPerStep,
  total,
  onChange,
}: {
  readonly label: string;
  readonly text: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly framesPerStep: number;
  readonly total: number;
  readonly onChange: (value: number) => void;
}) {
  const set = (next: number) => {
    const bounded = Math.min(max, Math.max(min, next));
    if (bounded !== value) onChange(bounded);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (steps !== undefined) set(value + steps * step);
    else if (event.key === 'Home') set(min);
    else return;
    event.preventDefault();
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    const handle = event.currentTarget;
    const track = handle.closest('.timeline-track');
    if (track === null) return;
    const perFrame = track.getBoundingClientRect().width / total;
    const startX = event.clientX;
    handle.setPointerCapture(event.pointerId);
    const move = ({ clientX }: globalThis.PointerEvent) =>
      set(value + Math.round((clientX - startX) / perFrame / framesPerStep) * step);
    handle.addEventListener('pointermove', move);
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), {
      once: true,
    });
    event.preventDefault();
    handle.focus();
  };
  return (
    <div
      className="handle"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={value}
      aria-valuetext={text}
      title={`${label}: ${text}`}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
    />
  );
}

function frameAt(event: PointerEvent<HTMLElement>, total: number): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  return Math.min(total - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * total)));
}

/** Some ten frames that are named. */
function ticks(total: number): readonly number[] {
  const step = [1, 2, 4, 5, 10, 20, 50, 100].find((size) => total / size <= 12) ?? 200;
  return Array.from({ length: Math.ceil(total / step) }, (_, at) => at * step);
}
