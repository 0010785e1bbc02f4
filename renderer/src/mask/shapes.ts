import { type Box, clipped } from './box.ts';
import type { Point } from './brush.ts';
import type { Mask } from './mask.ts';

/** Fills what a closed line of points surrounds, by the even-odd rule. @returns the rectangle that may have changed */
export function fillPolygon(mask: Mask, points: readonly Point[], value: number): Box {
  const box = clipped(boxAround(points), mask);
  for (let y = box.top; y < box.bottom; y++) {
    const crossings = crossingsAt(points, y + 0.5);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const start = Math.max(box.left, Math.ceil(crossings[pair]! - 0.5));
      const end = Math.min(box.right, Math.ceil(crossings[pair + 1]! - 0.5));
      if (end > start) mask.data.fill(value, y * mask.width + start, y * mask.width + end);
    }
  }
  return box;
}

/** Fills the rectangle between two corners, in whole pixels. @returns the rectangle that may have changed */
export function fillRectangle(mask: Mask, a: Point, b: Point, value: number): Box {
  const { left, top, right, bottom } = boxAround([a, b]);
  const box = clipped(
    { left: Math.round(left), top: Math.round(top), right: Math.round(right), bottom: Math.round(bottom) },
    mask,
  );
  for (let y = box.top; y < box.bottom; y++)
    mask.data.fill(value, y * mask.width + box.left, y * mask.width + box.right);
  return box;
}

function boxAround(points: readonly Point[]): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

/** Where the closed line crosses the middle of a row, from left to right. */
function crossingsAt(points: readonly Point[], y: number): number[] {
  const crossings: number[] = [];
  let before = points.at(-1);
  for (const point of points) {
    if (before !== undefined && before.y <= y !== point.y <= y)
      crossings.push(before.x + ((y - before.y) / (point.y - before.y)) * (point.x - before.x));
    before = point;
  }
  return crossings.sort((a, b) => a - b);
}
