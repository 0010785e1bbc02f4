import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMask, emptyMaskBytes, encodeMask } from './codec.ts';
import { copyOf, emptyMask, type Mask, wholeOf } from './mask.ts';
import { applyPatch, diffPatch } from './patch.ts';

/** Masks as they come: mostly runs, some noise. */
const masks = fc
  .record({
    width: fc.integer({ min: 0, max: 24 }),
    height: fc.integer({ min: 0, max: 24 }),
    runs: fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 255 })), { maxLength: 30 }),
  })
  .map(({ width, height, runs }): Mask => {
    const mask = emptyMask(width, height);
    let at = 0;
    for (const [length, value] of runs) {
      mask.data.fill(value, at, at + length);
      at += length;
    }
    return mask;
  });

const pairs = fc.tuple(masks, fc.infiniteStream(fc.integer({ min: 0, max: 255 })), fc.nat(40)).map(([before, values, changes]) => {
  const after = copyOf(before);
  const numbers = values[Symbol.iterator]();
  for (let change = 0; change < changes && after.data.length > 0; change++) {
    const at = ((numbers.next().value ?? 0) * 256 + (numbers.next().value ?? 0)) % after.data.length;
    after.data[at] = numbers.next().value ?? 0;
  }
  return { before, after };
});

describe('patches', () => {
  it('turn before into after, and after into before', () => {
    fc.assert(
      fc.property(pairs, ({ before, after }) => {
        const patch = diffPatch(before, after, wholeOf(after));
        const mask = copyOf(before);
        applyPatch(mask, patch);
        expect(mask).toEqual(after);
        applyPatch(mask, patch);
        expect(mask).toEqual(before);
      }),
    );
  });

  it('say which rectangle changed, and are small for a small change of a large mask', () => {
    const before = emptyMask(2000, 1500);
    const after = copyOf(before);
    for (let y = 700; y < 720; y++) after.data.fill(255, y * 2000 + 500, y * 2000 + 540);
    const patch = diffPatch(before, after, wholeOf(after));
    expect(patch.length).toBeLessThan(32);
    expect(applyPatch(copyOf(before), patch)).toEqual({ left: 500, top: 700, right: 540, bottom: 720 });
  });

  it('leave another mask alone, also when they are damaged', () => {
    const after = emptyMask(8, 8);
    after.data.fill(9, 10, 30);
    const patch = diffPatch(emptyMask(8, 8), after, wholeOf(after));
    for (const [mask, bytes] of [
      [emptyMask(8, 9), patch],
      [emptyMask(8, 8), patch.subarray(0, -1)],
      [emptyMask(8, 8), Uint8Array.of()],
      [emptyMask(8, 8), Uint8Array.of(...patch, 0)],
    ] as const) {
      expect(applyPatch(mask, bytes)).toBeUndefined();
      expect(mask.data.every((value) => value === 0)).toBe(true);
    }
  });
});

describe('the code of a whole mask', () => {
  it('brings back its size and its bytes', () => {
    fc.assert(
      fc.property(masks, (mask) => {
        expect(decodeMask(encodeMask(mask))).toEqual(mask);
      }),
    );
  });

  it('is short for an empty one', () => {
    const bytes = emptyMaskBytes(4096, 4096);
    expect(bytes.length).toBeLessThan(16);
    expect(decodeMask(bytes)).toMatchObject({ width: 4096, height: 4096 });
  });

  it('is refused when it is damaged', () => {
    const bytes = encodeMask({ width: 3, height: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    expect(() => decodeMask(bytes.subarray(0, -1))).toThrow(RangeError);
    expect(() => decodeMask(Uint8Array.of(99, 3, 2))).toThrow(RangeError);
    expect(() => decodeMask(Uint8Array.of(1, 255, 255, 255, 127, 255, 255, 255, 127, 0))).toThrow(RangeError);
  });
});
