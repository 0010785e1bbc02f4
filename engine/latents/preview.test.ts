import { afterAll, describe, expect, it } from 'vitest';
import { openTestEngine } from '../../test/embedded.ts';
import { decodeOneFrame } from './decode.ts';
import { latentOf } from './frames.ts';
import { decodePreview } from './preview.ts';
import { latentSizeOf } from './size.ts';

const engine = openTestEngine();
afterAll(() => engine.close());
const model = engine.model('embedded/image');
// Only positions limit the size of a latent, and the VAE has none.
const large = { ...model, denoiser: { ...model.denoiser, maxLatentSide: Number.POSITIVE_INFINITY } };

describe('a preview', () => {
  it('of a small latent is the picture itself', async () => {
    const size = latentSizeOf(model, { width: 64, height: 48, frames: 1 });
    const latent = latentOf(
      size,
      Float32Array.from({ length: size.length }, (_, i) => Math.sin(i)),
    );
    expect(await decodePreview(model, size, latent, 0)).toEqual(await decodeOneFrame(model, size, latent, 0));
  });

  it.each([
    [1024, 16],
    [16, 1024],
    [1024, 1024],
  ])('of %d x %d keeps the shape, whichever side is thin', async (width, height) => {
    const size = latentSizeOf(large, { width, height, frames: 1 });
    const flat = latentOf(size, new Float32Array(size.length).fill(0.5));
    const preview = await decodePreview(large, size, flat, 0);
    const blocks = Math.ceil(Math.max(size.rows, size.columns) / 32);
    const side = (latentPixels: number) =>
      Math.floor(latentPixels / Math.min(blocks, latentPixels)) * model.autoencoder.spatialCompression;
    expect([preview.width, preview.height]).toEqual([side(size.columns), side(size.rows)]);
    // The mean of equal values is the value: the preview is what a small latent of it decodes to.
    const small = latentSizeOf(large, { width: preview.width, height: preview.height, frames: 1 });
    if (small.paddedWidth !== preview.width || small.paddedHeight !== preview.height) return;
    const same = latentOf(small, new Float32Array(small.length).fill(0.5));
    expect(preview).toEqual(await decodeOneFrame(large, small, same, 0));
  });
});
