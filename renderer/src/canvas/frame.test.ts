import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawn, inShape, isWithin, moved, resized, shapeOf, sidesAt } from './frame.ts';

const picture = { width: 3000, height: 2000 };
const shapes = [
  { width: 128, height: 128 },
  { width: 128, height: 96 },
  { width: 96, height: 128 },
];
const free = { picture, shapes: [], reach: 0 };
const frame = { x: 1000, y: 800, width: 400, height: 300 };

describe('the frame of the region', () => {
  it('is held by the sides near the pointer, else as a whole, and not from beside it', () => {
    expect(sidesAt(frame, { x: 1002, y: 1099 }, 10)).toEqual({ x: -1, y: 1 });
    expect(sidesAt(frame, { x: 1200, y: 795 }, 10)).toEqual({ x: 0, y: -1 });
    expect(sidesAt(frame, { x: 1200, y: 950 }, 10)).toEqual({ x: 0, y: 0 });
    expect(sidesAt(frame, { x: 1200, y: 950 }, 500)).toEqual({ x: 0, y: 0 });
    expect(sidesAt(frame, { x: 980, y: 950 }, 10)).toBeUndefined();
  });

  it('moves within the picture and takes its border from near by', () => {
    expect(moved(frame, { x: 50, y: -900 }, free)).toEqual({ ...frame, x: 1050, y: 0 });
    expect(moved(frame, { x: 1590, y: 0 }, { picture, reach: 20 }).x).toBe(2600);
  });

  it('is drawn out by one corner while the opposite one stays', () => {
    expect(resized(frame, { x: 1, y: 1 }, { x: 100, y: 20 }, free)).toEqual({ ...frame, width: 500, height: 320 });
    expect(resized(frame, { x: -1, y: 0 }, { x: -100, y: 20 }, free)).toEqual({ ...frame, x: 900, width: 500 });
  });

  it('takes the nearest of the shapes, and its own size from near by', () => {
    const wide = resized(frame, { x: 1, y: 1 }, { x: 40, y: 0 }, { picture, shapes, reach: 0 });
    expect(wide.width / wide.height).toBeCloseTo(4 / 3, 2);
    const square = resized(frame, { x: 1, y: 0 }, { x: -90, y: 0 }, { picture, shapes, reach: 0 });
    expect(square).toMatchObject({ x: 1000, width: 310, height: 310 });
    const own = resized(frame, { x: 1, y: 1 }, { x: -268, y: -200 }, { picture, shapes, reach: 8 });
    expect(own).toEqual({ x: 1000, y: 800, width: 128, height: 96 });
  });

  it('is drawn anew in any direction', () => {
    expect(drawn({ x: 500, y: 500 }, { x: 300, y: 250 }, free)).toEqual({ x: 300, y: 250, width: 200, height: 250 });
  });

  it('keeps its middle and its size in another shape, and is known by it', () => {
    const square = inShape(frame, { width: 128, height: 128 }, picture);
    expect(square).toEqual({ x: 1027, y: 777, width: 346, height: 346 });
    expect(shapeOf(square, shapes)).toEqual(shapes[0]);
    expect(shapeOf({ ...frame, width: 700 }, shapes)).toBeUndefined();
    expect(inShape(frame, { width: 128, height: 96 }, picture, true)).toMatchObject({ width: 128, height: 96 });
  });

  it('never leaves the picture, whatever is done to it', () => {
    const point = fc.record({ x: fc.integer({ min: -5000, max: 5000 }), y: fc.integer({ min: -5000, max: 5000 }) });
    const side = fc.constantFrom(-1 as const, 0 as const, 1 as const);
    const size = fc.record({ width: fc.integer({ min: 1, max: 4000 }), height: fc.integer({ min: 1, max: 4000 }) });
    fc.assert(
      fc.property(
        size,
        point,
        point,
        fc.record({ x: side, y: side }),
        fc.constantFrom([], shapes),
        fc.integer({ min: 0, max: 60 }),
        (of, from, by, sides, taken, reach) => {
          const snaps = { picture: of, shapes: taken, reach };
          const first = drawn(from, by, snaps);
          const frames = [
            first,
            moved(first, by, snaps),
            resized(first, sides, by, snaps),
            inShape(first, { width: 128, height: 96 }, of),
          ];
          for (const { x, y, width, height } of frames) {
            expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
            expect(Math.min(width, height)).toBeGreaterThanOrEqual(1);
            expect([x, y, width, height].every(Number.isInteger)).toBe(true);
            expect(isWithin({ x, y, width, height }, of)).toBe(true);
          }
        },
      ),
    );
  });
});
