import { afterAll, describe, expect, it } from 'vitest';
import { boxMask, discOf, openTestEngine } from '../../test/embedded.ts';
import { compareWhere } from '../media/paste.ts';
import { canvasOf, cellsToMask, decodeOnCanvas, decodePreview, encodeOnCanvas, maskToCells } from './canvas.ts';
import type { Model } from './model.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

describe('a canvas', () => {
  it.each([
    [128, 128, 128, 128],
    [100, 75, 112, 80],
    [97, 128, 112, 128],
    [1, 1, 16, 16],
  ])('of %sx%s is padded to whole tokens, %sx%s', (width, height, paddedWidth, paddedHeight) => {
    const canvas = canvasOf(model, { width, height });
    expect(canvas).toEqual({
      width,
      height,
      paddedWidth,
      paddedHeight,
      columns: paddedWidth / 8,
      rows: paddedHeight / 8,
      latentLength: (model.denoiser.latentChannels * paddedWidth * paddedHeight) / 64,
    });
  });

  it('takes a mask to cells by the share of white pixels, and back to the pixels of these cells', () => {
    const canvas = canvasOf(model, { width: 100, height: 75 });
    const mask = boxMask(100, 75);
    const cells = maskToCells(model, canvas, mask);
    expect(cells).toHaveLength(canvas.rows * canvas.columns);
    for (let y = 0; y < 75; y++)
      for (let x = 0; x < 100; x++) {
        const cell = cells[Math.floor(y / 8) * canvas.columns + Math.floor(x / 8)] ?? 0;
        if (mask.data[y * 100 + x] === 255) expect(cell).toBeGreaterThan(0);
        else expect(cell).toBeLessThan(1);
      }
    const back = cellsToMask(
      canvas,
      cells.map((share) => (share > 0 ? 1 : 0)),
    );
    expect([back.width, back.height, back.channels]).toEqual([100, 75, 1]);
    // No white pixel of the mask is lost, and none is further from it than its cell reaches.
    mask.data.forEach((value, pixel) => {
      if (value === 255) expect(back.data[pixel]).toBe(255);
    });
    const full = cellsToMask(canvas, new Float32Array(cells.length).fill(1));
    expect(full.data.every((value) => value === 255)).toBe(true);
  });

  it('refuses a picture of another size than its own', () => {
    const canvas = canvasOf(model, { width: 64, height: 64 });
    expect(() => encodeOnCanvas(model, canvas, discOf(64, 63))).toThrow('64x63');
  });

  it('shows small pictures as they are and large ones averaged', async () => {
    const canvas = canvasOf(model, { width: 128, height: 112 });
    const { data } = await encodeOnCanvas(model, canvas, discOf(128, 112));
    expect(await decodePreview(model, canvas, data)).toEqual(await decodeOnCanvas(model, canvas, data));

    // The same network on a larger position table: the canvas is all that the preview reads.
    const wide: Model = { ...model, denoiser: { ...model.denoiser, maxLatentSide: 200 } };
    const large = canvasOf(wide, { width: 512, height: 384 });
    const flat = new Float32Array(large.latentLength);
    const { data: grey } = await encodeOnCanvas(model, canvasOf(model, { width: 16, height: 16 }), {
      width: 16,
      height: 16,
      channels: 3,
      data: new Uint8Array(16 * 16 * 3).fill(128),
    });
    const cells = large.rows * large.columns;
    for (let i = 0; i < flat.length; i++) flat[i] = grey[Math.floor(i / cells) * 4] ?? 0;
    const preview = await decodePreview(wide, large, flat);
    expect([preview.width, preview.height]).toEqual([256, 192]);
    const whole = await decodeOnCanvas(wide, large, flat);
    const middle = (picture: { width: number; height: number; data: Uint8Array }) =>
      picture.data[(Math.floor(picture.height / 2) * picture.width + Math.floor(picture.width / 2)) * 3] ?? 0;
    // One grey everywhere; the decoder's norms see the size of the plane a little.
    expect(Math.abs(middle(preview) - middle(whole))).toBeLessThan(16);
  });

  it('shows pictures of any shape, also where a side has fewer cells than a block of the preview', async () => {
    const long: Model = { ...model, denoiser: { ...model.denoiser, maxLatentSide: 512 } };
    const canvas = canvasOf(long, { width: 4000, height: 20 });
    const preview = await decodePreview(long, canvas, new Float32Array(canvas.latentLength));
    expect([preview.width, preview.height]).toEqual([248, 8]);
  });

  it('keeps a picture through encoding and decoding', async () => {
    const picture = discOf(100, 75);
    const canvas = canvasOf(model, picture);
    const back = await decodeOnCanvas(model, canvas, (await encodeOnCanvas(model, canvas, picture)).data);
    expect(compareWhere(picture, back).psnr).toBeGreaterThan(18);
  });
});
