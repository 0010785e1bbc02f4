import { afterAll, describe, expect, it } from 'vitest';
import { boxMask, discOf, openTestEngine } from '../../test/embedded.ts';
import { compareWhere } from '../media/paste.ts';
import type { Model } from '../model/model.ts';
import type { Pixels } from '../ports.ts';
import { decodeOneFrame } from './decode.ts';
import { encodeFrames } from './encode.ts';
import { latentOf } from './frames.ts';
import { latentToMask, maskToLatent, touchedLatent } from './masks.ts';
import { decodePreview } from './preview.ts';
import { type LatentSize, latentSizeOf } from './size.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

const sizeOf = ({ width, height }: { readonly width: number; readonly height: number }, of = model) =>
  latentSizeOf(of, { width, height, frames: 1 });
const decoded = (of: Model, size: LatentSize, latent: Float32Array) =>
  decodeOneFrame(of, size, latentOf(size, latent), 0);
const previewOf = (of: Model, size: LatentSize, latent: Float32Array) =>
  decodePreview(of, size, latentOf(size, latent), 0);

describe('the latent of a picture', () => {
  it.each([
    [128, 128, 128, 128],
    [100, 75, 112, 80],
    [97, 128, 112, 128],
    [1, 1, 16, 16],
  ])('of %sx%s is padded to whole tokens, %sx%s', (width, height, paddedWidth, paddedHeight) => {
    const length = (model.denoiser.latentChannels * paddedWidth * paddedHeight) / 64;
    expect(sizeOf({ width, height })).toEqual({
      width,
      height,
      frames: 1,
      multiple: 16,
      paddedWidth,
      paddedHeight,
      columns: paddedWidth / 8,
      rows: paddedHeight / 8,
      latentFrames: 1,
      paddingFrames: 0,
      totalFrames: 1,
      frameLength: length,
      length,
    });
  });

  it('takes a mask to latent pixels by the share of white, and back to the pixels of these', () => {
    const size = sizeOf({ width: 100, height: 75 });
    const mask = boxMask(100, 75);
    const shares = maskToLatent(size, mask);
    expect(shares).toHaveLength(size.rows * size.columns);
    for (let y = 0; y < 75; y++)
      for (let x = 0; x < 100; x++) {
        const share = shares[Math.floor(y / 8) * size.columns + Math.floor(x / 8)] ?? 0;
        if (mask.data[y * 100 + x] === 255) expect(share).toBeGreaterThan(0);
        else expect(share).toBeLessThan(1);
      }
    const back = latentToMask(size, touchedLatent(size, mask));
    expect([back.width, back.height, back.channels]).toEqual([100, 75, 1]);
    // No white pixel of the mask is lost, and none is further from it than its latent pixel reaches.
    mask.data.forEach((value, pixel) => {
      if (value === 255) expect(back.data[pixel]).toBe(255);
    });
    const full = latentToMask(size, new Float32Array(shares.length).fill(1));
    expect(full.data.every((value) => value === 255)).toBe(true);
  });

  it('refuses a picture of another size than its own', async () => {
    await expect(encodeFrames(model, sizeOf({ width: 64, height: 64 }), [discOf(64, 63)])).rejects.toThrow('64x63');
  });

  it('shows small pictures as they are and large ones averaged', async () => {
    const size = sizeOf({ width: 128, height: 112 });
    const latent = await encodeFrames(model, size, [discOf(128, 112)]);
    expect(await previewOf(model, size, latent)).toEqual(await decoded(model, size, latent));

    // The same network on a larger position table: the size is all that the preview reads.
    const wide: Model = { ...model, denoiser: { ...model.denoiser, maxLatentSide: 200 } };
    const large = sizeOf({ width: 512, height: 384 }, wide);
    const flat = new Float32Array(large.length);
    const tile: Pixels = { width: 16, height: 16, channels: 3, data: new Uint8Array(16 * 16 * 3).fill(128) };
    const grey = await encodeFrames(model, sizeOf(tile), [tile]);
    const plane = large.rows * large.columns;
    for (let i = 0; i < flat.length; i++) flat[i] = grey[Math.floor(i / plane) * 4] ?? 0;
    const preview = await previewOf(wide, large, flat);
    expect([preview.width, preview.height]).toEqual([256, 192]);
    const whole = await decoded(wide, large, flat);
    const middle = (picture: Pixels) =>
      picture.data[(Math.floor(picture.height / 2) * picture.width + Math.floor(picture.width / 2)) * 3] ?? 0;
    // One grey everywhere; the decoder's norms see the size of the plane a little.
    expect(Math.abs(middle(preview) - middle(whole))).toBeLessThan(16);
  });

  it('shows pictures of any shape, also where a side has fewer latent pixels than a block of the preview', async () => {
    const long: Model = { ...model, denoiser: { ...model.denoiser, maxLatentSide: 512 } };
    const size = sizeOf({ width: 4000, height: 20 }, long);
    const preview = await previewOf(long, size, new Float32Array(size.length));
    expect([preview.width, preview.height]).toEqual([248, 8]);
  });

  it('keeps a picture through encoding and decoding', async () => {
    const picture = discOf(100, 75);
    const size = sizeOf(picture);
    const back = await decoded(model, size, await encodeFrames(model, size, [picture]));
    expect(compareWhere(picture, back).psnr).toBeGreaterThan(18);
  });
});
