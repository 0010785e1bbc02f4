import type { Point } from '../mask/brush.ts';

export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Where the picture lies in the stage: a picture point times `scale` plus (x, y), in CSS pixels. */
export interface Placement {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const MIN_ZOOM = 0.02;
export const MAX_ZOOM = 64;
/** Stage around a fitted picture. */
const MARGIN = 24;
/** Picture that always stays in the stage, so that it cannot be lost. */
const KEPT = 48;
const STOPS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value));

/** The whole picture in the middle of the stage, as large as it can be. */
export function fitted(picture: Extent, stage: Extent): Placement {
  const room = (side: number) => Math.max(1, side - 2 * Math.min(MARGIN, side / 8));
  const scale = clamp(
    Math.min(room(stage.width) / picture.width, room(stage.height) / picture.height),
    MIN_ZOOM,
    MAX_ZOOM,
  );
  return {
    scale,
    x: (stage.width - picture.width * scale) / 2,
    y: (stage.height - picture.height * scale) / 2,
  };
}

/** Another scale; the picture point under `about` (in the stage) stays where it is. */
export function zoomed({ scale, x, y }: Placement, to: number, about: Point): Placement {
  const next = clamp(to, MIN_ZOOM, MAX_ZOOM);
  const ratio = next / scale;
  return { scale: next, x: about.x - (about.x - x) * ratio, y: about.y - (about.y - y) * ratio };
}

/** The same with some of the picture in the stage. */
export function kept({ scale, x, y }: Placement, picture: Extent, stage: Extent): Placement {
  const within = (offset: number, side: number, room: number) => {
    const margin = Math.min(KEPT, side * scale, room);
    return clamp(offset, margin - side * scale, room - margin);
  };
  return { scale, x: within(x, picture.width, stage.width), y: within(y, picture.height, stage.height) };
}

/** The next usual zoom in a direction. */
export function nextZoom(zoom: number, direction: 1 | -1): number {
  const further = direction === 1 ? STOPS.find((stop) => stop > zoom * 1.01) : STOPS.findLast((stop) => stop < zoom / 1.01);
  return further ?? zoom;
}

export const toPicture = ({ scale, x, y }: Placement, point: Point): Point => ({
  x: (point.x - x) / scale,
  y: (point.y - y) / scale,
});

export const toStage = ({ scale, x, y }: Placement, point: Point): Point => ({
  x: point.x * scale + x,
  y: point.y * scale + y,
});
