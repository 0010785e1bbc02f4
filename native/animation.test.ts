import { describe, expect, it } from 'vitest';
import type { Pixels } from '../engine/ports.ts';
import { animationSize, decodeAnimation, encodeAnimation, frameDelays } from './animation.ts';
import { openImageCodec } from './images.ts';

/** A square that moves by one pixel a frame over a gradient. */
const frames: readonly Pixels[] = Array.from({ length: 9 }, (_, frame) => {
  const data = new Uint8Array(20 * 12 * 3);
  for (let y = 0; y < 12; y++)
    for (let x = 0; x < 20; x++) {
      const inside = x >= frame && x < frame + 5 && y > 2 && y < 9;
      data.set(inside ? [200, 30, 60] : [x * 8, y * 10, 90], (y * 20 + x) * 3);
    }
  return { width: 20, height: 12, channels: 3, data };
});

describe('an animation', () => {
  it('as WebP keeps every pixel, the rate and the order', async () => {
    const bytes = await encodeAnimation({ frames, fps: 6 }, 'webp');
    expect(await animationSize(bytes)).toEqual({ width: 20, height: 12, frames: 9, fps: 6 });
    const read = await decodeAnimation(bytes, 'clip.webp');
    expect(read.frames).toEqual(frames);
  });

  it('as GIF keeps sizes and times, and colours nearly', async () => {
    const bytes = await encodeAnimation({ frames, fps: 8 }, 'gif');
    const read = await decodeAnimation(bytes, 'clip.gif');
    expect(read.fps).toBeCloseTo(8, 1);
    expect(read.frames).toHaveLength(9);
    const errors = read.frames.map(({ data }, at) =>
      data.reduce((sum, value, i) => sum + Math.abs(value - (frames[at]?.data[i] ?? 0)), 0),
    );
    expect(Math.max(...errors) / (20 * 12 * 3)).toBeLessThan(6);
  });

  it('shows its frames as long as asked, without an error that adds up', () => {
    const delays = frameDelays(90, { fps: 30 }, 10);
    expect(delays.reduce((sum, ms) => sum + ms, 0)).toBe(3000);
    expect(new Set(delays)).toEqual(new Set([30, 40]));
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['no picture', new TextEncoder().encode('hello')],
  ])('is not %s', async (_what, bytes) => {
    await expect(decodeAnimation(bytes, 'x.webp')).rejects.toThrow('x.webp is no animated WebP or GIF.');
  });

  it('is not a still picture', async () => {
    const [still = frames[0]] = frames;
    if (still === undefined) throw new Error('there are frames');
    expect(await animationSize(await openImageCodec().encode(still, 'webp'))).toBeUndefined();
  });

  it('that is cut off is refused', async () => {
    const bytes = await encodeAnimation({ frames, fps: 6 }, 'webp');
    await expect(decodeAnimation(bytes.subarray(0, bytes.length - 40), 'x.webp')).rejects.toThrow(/x\.webp/);
  });
});
