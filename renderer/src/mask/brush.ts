import { type Box, clipped, joined, NO_BOX } from './box.ts';
import type { Mask } from './mask.ts';

/** A point in picture pixels; whole numbers are the corners of pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Brush {
  /** Diameter in picture pixels. */
  readonly size: number;
  /** Share of the radius over which the edge fades, 0..1. */
  readonly feather: number;
  readonly isEraser: boolean;
}

/**
 * Paints the way of a brush from one point to another. The brush keeps the larger of what is there and its own value (the eraser the
 * smaller), so going over a place again in one stroke or in several does not thicken its soft edge.
 *
 * @returns the rectangle that may have changed
 */
export function paintSegment(mask: Mask, from: Point, to: Point, brush: Brush): Box {
  const reach = brush.size / 2 + 0.5;
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  // Pieces as long as the brush is wide: the rectangle around a long slanted segment would be mostly empty.
  const pieces = Math.max(1, Math.ceil(length / Math.max(16, 2 * reach)));
  let touched = NO_BOX;
  for (let piece = 0; piece < pieces; piece++) {
    const start = between(from, to, piece / pieces);
    const end = between(from, to, (piece + 1) / pieces);
    touched = joined(touched, paintPiece(mask, start, end, brush, reach));
  }
  return touched;
}

const between = (a: Point, b: Point, share: number): Point => ({
  x: a.x + (b.x - a.x) * share,
  y: a.y + (b.y - a.y) * share,
});

function paintPiece(mask: Mask, from: Point, to: Point, { size, feather, isEraser }: Brush, reach: number): Box {
  const { width, data } = mask;
  const box = clipped(
    {
      left: Math.min(from.x, to.x) - reach,
      top: Math.min(from.y, to.y) - reach,
      right: Math.max(from.x, to.x) + reach,
      bottom: Math.max(from.y, to.y) + reach,
    },
    mask,
  );
  // A hard edge still takes one pixel, else it would have steps.
  const inner = Math.max(0, (size / 2) * (1 - feather) - 0.5);
  const fade = 1 / (reach - inner);
  const innerSquare = inner * inner;
  const reachSquare = reach * reach;
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const lengthSquare = dx * dx + dy * dy;
  const scale = lengthSquare === 0 ? 0 : 1 / lengthSquare;
  for (let y = box.top; y < box.bottom; y++) {
    const py = y + 0.5 - from.y;
    for (let x = box.left, at = y * width + box.left; x < box.right; x++, at++) {
      const px = x + 0.5 - from.x;
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) * scale));
      const ex = px - along * dx;
      const ey = py - along * dy;
      const square = ex * ex + ey * ey;
      if (square >= reachSquare) continue;
      const value = square <= innerSquare ? 255 : faded((Math.sqrt(square) - inner) * fade);
      const old = data[at]!;
      if (isEraser) {
        if (255 - value < old) data[at] = 255 - value;
      } else if (value > old) data[at] = value;
    }
  }
  return box;
}

/** From 255 at 0 to 0 at 1, level at both ends. */
const faded = (share: number): number => Math.round(255 * (1 - share * share * (3 - 2 * share)));
