import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pixels } from '../ports.ts';
import { checkMask, cropTo, fromPlanar, padToMultiple, resizeArea, toPlanar, toRgb } from './pixels.ts';

const anyPixels = (channels: 1 | 3 | 4) =>
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .chain(([width, height]) =>
      fc
        .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
        .map((data): Pixels => ({ width, height, channels, data })),
    );
const rgba = (...pixels: number[][]): Pixels => ({
  width: pixels.length,
  height: 1,
  channels: 4,
  data: Uint8Array.from(pixels.flat()),
});

describe('pixels', () => {
  it('survive the way to the network and back', () => {
    fc.assert(
      fc.property(anyPixels(3), (picture) => {
        expect(fromPlanar(toPlanar(picture), picture.width, picture.height)).toEqual(picture);
      }),
    );
  });

  it('beyond the range of a picture are clipped, and what is no number is black', () => {
    expect([...fromPlanar(Float32Array.of(-2, 2, Number.NaN), 1, 1).data]).toEqual([0, 255, 0]);
  });

  it('that are transparent are laid over white', () => {
    expect([...toRgb(rgba([10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51])).data]).toEqual([
      10, 20, 30, 255, 255, 255, 204, 204, 204,
    ]);
  });

  it('padded to a multiple and cropped again are the same pixels', () => {
    fc.assert(
      fc.property(anyPixels(3), fc.integer({ min: 1, max: 16 }), (picture, multiple) => {
        const padded = padToMultiple(picture, multiple);
        expect([padded.width % multiple, padded.height % multiple]).toEqual([0, 0]);
        expect(cropTo(padded, picture.width, picture.height)).toEqual(picture);
      }),
    );
  });
});

describe('a mask', () => {
  it('of another size, or with nothing to repaint, is refused with a sentence', () => {
    const picture = (width: number, value: number): Pixels => ({
      width,
      height: 1,
      channels: 1,
      data: new Uint8Array(width).fill(value),
    });
    expect(() => checkMask(picture(3, 255), picture(4, 0))).toThrow(/3x1 .* 4x1/);
    expect(() => checkMask(picture(4, 0), picture(4, 0))).toThrow(/black everywhere/);
    expect(() => checkMask(picture(4, 1), picture(4, 0))).not.toThrow();
  });

  it('keeps its mean when it is averaged to any grid', () => {
    fc.assert(
      fc.property(
        anyPixels(1),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (picture, width, height) => {
          const plane = { width: picture.width, height: picture.height, data: Float32Array.from(picture.data) };
          const mean = ({ data }: { data: Float32Array }) => data.reduce((sum, value) => sum + value, 0) / data.length;
          expect(Math.abs(mean(resizeArea(plane, width, height)) - mean(plane))).toBeLessThan(1e-2);
        },
      ),
    );
  });
});
