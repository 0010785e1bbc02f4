import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitted, kept, MAX_ZOOM, MIN_ZOOM, nextZoom, toPicture, toStage, zoomed } from './placement.ts';

const stage = { width: 900, height: 600 };
const picture = { width: 512, height: 256 };

describe('the placement of the picture', () => {
  it('fits all of it into the middle', () => {
    const place = fitted(picture, stage);
    const end = toStage(place, { x: 512, y: 256 });
    expect(place.x).toBeCloseTo(24);
    expect(end.x).toBeCloseTo(900 - 24);
    expect(place.y + end.y).toBeCloseTo(600);
  });

  it('zooms about a point that stays', () => {
    fc.assert(
      fc.property(
        fc.record({ x: fc.double({ min: 0, max: 900, noNaN: true }), y: fc.double({ min: 0, max: 600, noNaN: true }) }),
        fc.double({ min: MIN_ZOOM, max: MAX_ZOOM, noNaN: true }),
        (about, zoom) => {
          const before = fitted(picture, stage);
          const after = zoomed(before, zoom, about);
          const same = toStage(after, toPicture(before, about));
          expect(after.scale).toBe(zoom);
          expect(same.x).toBeCloseTo(about.x, 6);
          expect(same.y).toBeCloseTo(about.y, 6);
        },
      ),
    );
  });

  it('never loses the picture', () => {
    const far = kept({ scale: 2, x: 5000, y: -5000 }, picture, stage);
    expect(far).toEqual({ scale: 2, x: 900 - 48, y: 48 - 512 });
    const near = { scale: 2, x: -100, y: 20 };
    expect(kept(near, picture, stage)).toEqual(near);
  });

  it('zooms in steps, and back to the same', () => {
    expect(nextZoom(1, 1)).toBe(1.5);
    expect(nextZoom(1.5, -1)).toBe(1);
    expect(nextZoom(1.1, -1)).toBe(1);
    expect(nextZoom(64, 1)).toBe(64);
  });
});
