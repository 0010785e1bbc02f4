import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { upscalers } from '../../models/registry.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { thrownBy } from '../../test/checkpoint-files.ts';
import { SessionCache } from '../model/sessions.ts';
import type { Pixels } from '../ports.ts';
import { tileRanges } from './tiles.ts';
import { checkUpscale, openUpscaler, upscale } from './upscale.ts';

const FILE = join(import.meta.dirname, '../../models/upscalers/realesr-animevideov3-x4.safetensors');
const shipped = openUpscaler(FILE, upscalers);
const sessions = new SessionCache(createOnnxRuntime({ threads: 2 }));

/** Slow waves, a sharp edge, and where there is a fourth channel a soft one across. */
function picture(width: number, height: number, channels: 1 | 3 | 4 = 3): Pixels {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    if (c === 3) return (255 * x) / width;
    return 128 + 90 * Math.sin((x + 2 * y) / 9 + c) + (x > y ? 30 : -30);
  });
  return { width, height, channels, data };
}

/** A picture's part as a picture. */
function part({ width, channels, data }: Pixels, left: number, top: number, columns: number, rows: number): Pixels {
  const cut = Array.from({ length: rows }, (_, y) =>
    data.subarray(((top + y) * width + left) * channels, ((top + y) * width + left + columns) * channels),
  );
  return { width: columns, height: rows, channels, data: new Uint8Array(Buffer.concat(cut)) };
}

describe('tiles', () => {
  it('keep every pixel once, and none nearer to a neighbour than the margin', () => {
    const sizes = fc.record({
      multiple: fc.constantFrom(1, 2, 4),
      margin: fc.integer({ min: 0, max: 30 }),
      core: fc.integer({ min: 1, max: 20 }),
      length: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(sizes, ({ multiple, margin, core, length: count }) => {
        const size = Math.ceil((core * multiple + 2 * margin) / multiple) * multiple;
        const length = count * multiple;
        let kept = 0;
        for (const { start, keepStart, keepEnd } of tileRanges(length, size, margin, multiple)) {
          expect(start % multiple).toBe(0);
          expect([keepStart, keepEnd > keepStart]).toEqual([kept, true]);
          expect(start === 0 || keepStart - start >= margin).toBe(true);
          expect(keepEnd === length || start + size - keepEnd >= margin).toBe(true);
          kept = keepEnd;
        }
        expect(kept).toBe(length);
      }),
      { numRuns: 2000, seed: 11 },
    );
  });
});

describe('an upscaled picture', () => {
  it('is the same in tiles as where a part of it is seen with all that it depends on', async () => {
    const whole = picture(420, 90);
    const large = await upscale(shipped, whole, 4, sessions);
    expect([large.width, large.height, large.channels]).toEqual([1680, 360, 3]);
    // Around the place where the tiles meet: a fresh look at 100 columns, its own margins left aside.
    for (const left of [130, 160]) {
      const near = await upscale(shipped, part(whole, left, 0, 100, 90), 4, sessions);
      const [a, b] = [part(near, 4 * 18, 0, 4 * 64, 360), part(large, 4 * (left + 18), 0, 4 * 64, 360)];
      const apart = a.data.reduce((most, value, at) => Math.max(most, Math.abs(value - (b.data[at] ?? 0))), 0);
      expect(apart).toBeLessThanOrEqual(1);
    }
  });

  it('shows what the small one shows', async () => {
    const small = picture(40, 30);
    const large = await upscale(shipped, small, 4, sessions);
    for (const [x, y] of [
      [10, 4],
      [30, 9],
      [6, 22],
    ] as const) {
      const mean = part(large, 4 * x, 4 * y, 4, 4).data.reduce((sum, value) => sum + value, 0) / 48;
      const source = part(small, x, y, 1, 1).data.reduce((sum, value) => sum + value, 0) / 3;
      expect(Math.abs(mean - source)).toBeLessThan(12);
    }
  });

  it('has any size up to the network’s, its transparency, or one channel', async () => {
    const [clear, grey] = [picture(20, 15, 4), picture(20, 15, 1)];
    const large = await upscale(shipped, clear, 2.5, sessions);
    expect([large.width, large.height, large.channels]).toEqual([50, 38, 4]);
    const alpha = (x: number) => large.data[4 * (19 * 50 + x) + 3] ?? 0;
    expect([alpha(5) < 40, alpha(45) > 210, alpha(25) > alpha(20)]).toEqual([true, true, true]);
    expect(await upscale(shipped, grey, 4, sessions)).toMatchObject({ width: 80, height: 60, channels: 1 });
  });

  it('tells how far it is', async () => {
    const told: string[] = [];
    await upscale(shipped, picture(420, 10), 4, sessions, (done, of) => void told.push(`${done}/${of}`));
    expect(told).toEqual(['1/2', '2/2']);
  });

  it.each([
    [{ width: 10, height: 10 }, 5, /from 1 to 4/],
    [{ width: 10, height: 10 }, Number.NaN, /from 1 to 4/],
    [{ width: 4000, height: 3000 }, 4, /4000x3000 .* more than 100 megapixels/],
  ])('of %j by %d is refused', (size, scale, message) => {
    const error = thrownBy(() => checkUpscale(shipped, size, scale));
    expect(error).toMatchObject({ kind: 'request-invalid', where: { field: 'scale' } });
    expect(error.message).toMatch(message);
  });
});
