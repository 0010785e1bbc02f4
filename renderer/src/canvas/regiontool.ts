import type { Region } from '../../../contract/index.ts';
import type { Point } from '../mask/brush.ts';
import { documentNow } from '../state/editor.ts';
import { setDraft, setRegion, shapesOf, useRegion } from '../state/region.ts';
import { useSession } from '../state/session.ts';
import { useView } from '../state/view.ts';
import { drawn, moved, resized, type Sides, type Snaps, sidesAt } from './frame.ts';
import type { Gesture } from './gesture.ts';
import type { Extent } from './placement.ts';
import { useStage } from './stage.ts';

/** Screen pixels around a handle that hold it, and within which a frame takes what is near. */
const HOLD = 14;
const NEAR = 8;
/** Screen pixels that a pointer has to move before it draws. */
const DRAG = 4;

/** The frame that is shown: what is dragged, what was set, else where the engine would work. */
export function frameOf(
  picture: Extent,
  { draft, placement }: Pick<ReturnType<typeof useRegion.getState>, 'draft' | 'placement'>,
  region: Region | null,
): Region {
  return draft ?? region ?? placement?.region ?? { x: 0, y: 0, width: picture.width, height: picture.height };
}

const frameNow = (picture: Extent) => frameOf(picture, useRegion.getState(), documentNow().region);

export const isWhole = ({ width, height }: Extent, picture: Extent): boolean =>
  width === picture.width && height === picture.height;

/** Shapes that the frame keeps to: the model's, and the picture's own, so that it can be the whole. */
function shapesNow(picture: Extent): readonly Extent[] {
  const { checkpoint } = documentNow();
  return [...shapesOf(useSession.getState().models.find(({ ref }) => ref === checkpoint)), picture];
}

function snapsNow(picture: Extent, isOther: boolean): Snaps {
  const keepsShape = useView.getState().keepsShape !== isOther;
  return {
    picture,
    shapes: keepsShape ? shapesNow(picture) : [],
    reach: NEAR / useStage.getState().placement.scale,
  };
}

/** Draws, moves or resizes the frame. @param isOther keeps to shapes where that is off, and leaves them where it is on */
export function regionGesture(start: Point, isOther: boolean): Gesture | undefined {
  const { picture, placement } = useStage.getState();
  if (picture === null) return undefined;
  const frame = frameNow(picture);
  const snaps = snapsNow(picture, isOther);
  const held = sidesAt(frame, start, HOLD / placement.scale);
  // The whole picture has nowhere to go: a drag in it draws a part.
  const sides = held?.x === 0 && held.y === 0 && isWhole(frame, picture) ? undefined : held;
  let next: Region | undefined;
  return {
    move(points) {
      const at = points.at(-1) ?? start;
      const by = { x: at.x - start.x, y: at.y - start.y };
      if (next === undefined && Math.hypot(by.x, by.y) * placement.scale < DRAG) return;
      next = sides === undefined ? drawn(start, at, snaps) : dragged(frame, sides, by, snaps);
      setDraft(next);
    },
    finish: () => (next === undefined ? setDraft(null) : setRegion(next)),
    cancel: () => setDraft(null),
  };
}

const dragged = (frame: Region, sides: Sides, by: Point, snaps: Snaps) =>
  sides.x === 0 && sides.y === 0 ? moved(frame, by, snaps) : resized(frame, sides, by, snaps);

/** Moves what is held by keys, so many screen pixels. */
export function nudgeRegion(sides: Sides, screen: Point): void {
  const { picture, placement } = useStage.getState();
  if (picture === null) return;
  const step = (length: number) => Math.sign(length) * Math.max(1, Math.round(Math.abs(length) / placement.scale));
  const snaps = { ...snapsNow(picture, false), reach: 0 };
  setRegion(dragged(frameNow(picture), sides, { x: step(screen.x), y: step(screen.y) }, snaps));
}
