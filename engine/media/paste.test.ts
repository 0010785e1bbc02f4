import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pixels } from '../ports.ts';
import { distanceTo, featherWeights } from './morphology.ts';
import { compareWhere, paste } from './paste.ts';

const size = fc.record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const maskBytes = (length: number) =>
  fc.array(fc.oneof(fc.constant(0), fc.constant(255), fc.nat(255)), { minLength: length, maxLength: length });

const pasteCase = fc.tuple(size, fc.constantFrom(3 as const, 4 as const)).chain(([{ width, height }, channels]) =>
  fc.record({
    source: bytes(width * height * channels).map((data): Pixels => ({ width, height, channels, data })),
    edited: bytes(width * height * 3).map((data): Pixels => ({ width, height, channels: 3, data })),
    mask: maskBytes(width * height).map(
      (data): Pixels => ({ width, height, channels: 1, data: Uint8Array.from(data) }),
    ),
    feather: fc.nat(6),
  }),
);

describe('pasting', () => {
  it('leaves every byte outside the mask as it was, whatever the edit did', () => {
    fc.assert(
      fc.property(pasteCase, ({ source, edited, mask, feather }) => {
        const { pixels, changedOutside } = paste({ source, edited, mask, feather });
        expect(changedOutside).toBe(0);
        mask.data.forEach((value, pixel) => {
          if (value !== 0) return;
          const range = [pixel * source.channels, (pixel + 1) * source.channels] as const;
          expect(pixels.data.slice(...range)).toEqual(source.data.slice(...range));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('takes the edit exactly where the mask is white and no soft edge is asked for', () => {
    fc.assert(
      fc.property(pasteCase, ({ source, edited, mask }) => {
        const { pixels } = paste({ source, edited, mask });
        mask.data.forEach((value, pixel) => {
          if (value !== 255) return;
          const at = pixel * source.channels;
          expect(pixels.data.slice(at, at + 3)).toEqual(edited.data.slice(pixel * 3, pixel * 3 + 3));
        });
      }),
    );
  });

  it('with a black mask gives the source, and with the source as edit gives an opaque source', () => {
    fc.assert(
      fc.property(pasteCase, ({ source, edited, mask, feather }) => {
        expect(paste({ source, edited, mask: { ...mask, data: new Uint8Array(mask.data.length) } }).pixels).toEqual(
          source,
        );
        if (source.channels === 3) expect(paste({ source, edited: source, mask, feather }).changedInside).toBe(0);
      }),
    );
  });

  it('does not touch its inputs', () => {
    fc.assert(
      fc.property(pasteCase, (input) => {
        const before = structuredClone(input);
        paste(input);
        expect(input).toEqual(before);
      }),
    );
  });

  it('makes a hole that is repainted opaque, in the colour of the edit', () => {
    const source: Pixels = { width: 1, height: 1, channels: 4, data: Uint8Array.of(9, 9, 9, 0) };
    const edited: Pixels = { width: 1, height: 1, channels: 3, data: Uint8Array.of(200, 100, 50) };
    const mask: Pixels = { width: 1, height: 1, channels: 1, data: Uint8Array.of(255) };
    expect([...paste({ source, edited, mask }).pixels.data]).toEqual([200, 100, 50, 255]);
  });
});

describe('comparing', () => {
  it('counts pixels, not bytes, and knows equal pictures', () => {
    const a: Pixels = { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 0, 0, 5, 5, 5) };
    const b: Pixels = { ...a, data: Uint8Array.of(1, 9, 0, 5, 5, 5) };
    expect(compareWhere(a, b)).toMatchObject({ pixels: 2, changed: 1, largest: 9 });
    expect(compareWhere(a, a).psnr).toBe(Number.POSITIVE_INFINITY);
    expect(compareWhere(a, b, (pixel) => pixel === 1).changed).toBe(0);
  });
});

describe('distances', () => {
  const maskCase = size.chain(({ width, height }) =>
    maskBytes(width * height).map((data): Pixels => ({ width, height, channels: 1, data: Uint8Array.from(data) })),
  );

  it('are those of trying every pair of pixels', () => {
    fc.assert(
      fc.property(maskCase, ({ width, height, data }) => {
        const distance = distanceTo(width, height, (pixel) => data[pixel] === 0);
        distance.forEach((value, pixel) => {
          let best = Number.POSITIVE_INFINITY;
          data.forEach((seed, other) => {
            if (seed !== 0) return;
            const [dx, dy] = [(pixel % width) - (other % width), Math.floor(pixel / width) - Math.floor(other / width)];
            best = Math.min(best, Math.hypot(dx, dy));
          });
          if (best === Number.POSITIVE_INFINITY) expect(value).toBe(best);
          else expect(value).toBeCloseTo(best, 4);
        });
      }),
    );
  });

  it('feather rises from the edge and never leaves the mask', () => {
    const mask: Pixels = { width: 6, height: 1, channels: 1, data: Uint8Array.of(0, 255, 255, 255, 255, 255) };
    expect([...featherWeights(mask, 3)]).toEqual([0, 0.25, 0.5, 0.75, 1, 1]);
    expect([...featherWeights(mask, 0)]).toEqual([0, 1, 1, 1, 1, 1]);
  });
});
