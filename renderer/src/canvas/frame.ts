import type { Region } from '../../../contract/index.ts';
import type { Point } from '../mask/brush.ts';
import type { Extent } from './placement.ts';

/** Which sides of a frame are held: -1 left or top, 1 right or bottom, 0 neither; both 0: the frame itself. */
export interface Sides {
  readonly x: -1 | 0 | 1;
  readonly y: -1 | 0 | 1;
}

/** What a frame keeps to. */
export interface Snaps {
  readonly picture: Extent;
  /** Shapes that it takes; none: any. At a shape's own size its pixels are worked on as they are. */
  readonly shapes: readonly Extent[];
  /** Picture pixels within which it takes the border of the picture or a shape's own size. */
  readonly reach: number;
}

/** Shortest side of a frame in picture pixels. */
const SHORTEST = 16;

const clamp = (value: number, min: number, max: number) => Math.max(min, Math.min(max, value));

/** What of a frame lies within `reach` of a point; undefined beside it. */
export function sidesAt(frame: Region, point: Point, reach: number): Sides | undefined {
  const x = sideAt(point.x, frame.x, frame.width, reach);
  const y = sideAt(point.y, frame.y, frame.height, reach);
  return x === undefined || y === undefined ? undefined : { x, y };
}

function sideAt(at: number, start: number, length: number, reach: number): Sides['x'] | undefined {
  const [before, after] = [at - start, at - start - length];
  if (before < -reach || after > reach) return undefined;
  // Also a small frame has a middle to hold it by.
  const inner = Math.min(reach, length / 4);
  if (before < inner) return -1;
  return after > -inner ? 1 : 0;
}

/** The frame moved by so many pixels, within the picture. */
export function moved(frame: Region, by: Point, { picture, reach }: Omit<Snaps, 'shapes'>): Region {
  const along = (start: number, length: number, step: number, whole: number) => {
    const last = whole - length;
    const next = clamp(Math.round(start + step), 0, last);
    return next <= reach ? 0 : next >= last - reach ? last : next;
  };
  return {
    ...frame,
    x: along(frame.x, frame.width, by.x, picture.width),
    y: along(frame.y, frame.height, by.y, picture.height),
  };
}

/** The frame with the sides that are held moved by so many pixels; the opposite ones stay. */
export function resized(frame: Region, sides: Sides, by: Point, snaps: Snaps): Region {
  const { picture } = snaps;
  const wished = {
    width: Math.max(SHORTEST, frame.width + sides.x * by.x),
    height: Math.max(SHORTEST, frame.height + sides.y * by.y),
  };
  const room = {
    width: roomOf(sides.x, frame.x, frame.width, picture.width),
    height: roomOf(sides.y, frame.y, frame.height, picture.height),
  };
  const { width, height } =
    snaps.shapes.length === 0 ? freely(wished, room, snaps) : shaped(wished, room, sides, snaps);
  return {
    x: startOf(sides.x, frame.x, frame.width, width, picture.width),
    y: startOf(sides.y, frame.y, frame.height, height, picture.height),
    width,
    height,
  };
}

/** How long a frame can become that is held at one side, or about its middle. */
function roomOf(side: Sides['x'], start: number, length: number, whole: number): number {
  if (side === 0) return whole;
  return side === 1 ? whole - start : start + length;
}

function startOf(side: Sides['x'], start: number, length: number, next: number, whole: number): number {
  if (side === 1) return start;
  return clamp(side === -1 ? start + length - next : Math.round(start + (length - next) / 2), 0, whole - next);
}

function freely(wished: Extent, room: Extent, { reach }: Snaps): Extent {
  const side = (length: number, most: number) => (length >= most - reach ? most : Math.round(length));
  return { width: side(wished.width, room.width), height: side(wished.height, room.height) };
}

/** The size in the shape that is nearest to what is wished for. */
function shaped(wished: Extent, room: Extent, sides: Sides, { shapes, reach }: Snaps): Extent {
  const wishedRatio = wished.width / wished.height;
  const apart = (shape: Extent) => Math.abs(Math.log(shape.width / shape.height / wishedRatio));
  const shape = shapes.reduce((nearest, other) => (apart(other) < apart(nearest) ? other : nearest));
  const [across, down] = [wished.width / shape.width, wished.height / shape.height];
  const scale = sides.y === 0 ? across : sides.x === 0 ? down : Math.sqrt(across * down);
  return scaledTo(shape, scale, room, reach);
}

/** A shape at a scale, no larger than there is room; within reach of its own size, or of all the room, it is that. */
function scaledTo(shape: Extent, scale: number, room: Extent, reach: number): Extent {
  const most = Math.min(room.width / shape.width, room.height / shape.height);
  const longest = Math.max(shape.width, shape.height);
  const near = [1, most].find((stop) => stop <= most && Math.abs(stop - scale) * longest <= reach);
  const taken = near ?? clamp(scale, Math.min(most, SHORTEST / Math.min(shape.width, shape.height)), most);
  return {
    width: clamp(Math.round(shape.width * taken), 1, Math.floor(room.width)),
    height: clamp(Math.round(shape.height * taken), 1, Math.floor(room.height)),
  };
}

/** A new frame from where the pointer went down to where it is. */
export function drawn(from: Point, to: Point, snaps: Snaps): Region {
  const { picture } = snaps;
  const sides: Sides = { x: to.x < from.x ? -1 : 1, y: to.y < from.y ? -1 : 1 };
  // There is always some room in the direction of the drag.
  const corner = (at: number, side: Sides['x'], whole: number) => {
    const least = Math.min(SHORTEST, whole);
    return clamp(Math.round(at), side === -1 ? least : 0, side === 1 ? whole - least : whole);
  };
  const [x, y] = [corner(from.x, sides.x, picture.width), corner(from.y, sides.y, picture.height)];
  return resized({ x, y, width: 0, height: 0 }, sides, { x: to.x - x, y: to.y - y }, snaps);
}

/** The frame in another shape, as large as before and about the same middle; with `isOwnSize` at the shape's own size. */
export function inShape(frame: Region, shape: Extent, picture: Extent, isOwnSize = false): Region {
  const scale = isOwnSize ? 1 : Math.sqrt((frame.width * frame.height) / (shape.width * shape.height));
  const { width, height } = scaledTo(shape, scale, picture, 0);
  return {
    x: startOf(0, frame.x, frame.width, width, picture.width),
    y: startOf(0, frame.y, frame.height, height, picture.height),
    width,
    height,
  };
}

/** The shape that a frame has to the pixel; undefined where it is none of them. */
export function shapeOf(frame: Region, shapes: readonly Extent[]): Extent | undefined {
  return shapes.find(({ width, height }) => {
    const scale = Math.sqrt((frame.width * frame.height) / (width * height));
    return Math.abs(width * scale - frame.width) < 1 && Math.abs(height * scale - frame.height) < 1;
  });
}

/** Whether a frame lies within a picture. */
export const isWithin = ({ x, y, width, height }: Region, picture: Extent): boolean =>
  x + width <= picture.width && y + height <= picture.height;
