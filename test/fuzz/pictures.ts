import sharp from 'sharp';
import { animationSize, decodeAnimation } from '../../native/animation.ts';
import { openImageCodec, thumbnailOf } from '../../native/images.ts';
import { mutated } from '../mutations.ts';
import { isTaken, type Target } from './target.ts';

const [WIDTH, HEIGHT, FRAMES] = [24, 18, 3];

/** A picture with a little of everything, or frames one below the other. */
const canvas = (channels: 3 | 4, height = HEIGHT, frames = 1) =>
  sharp(
    Buffer.from(Uint8Array.from({ length: WIDTH * height * frames * channels }, (_, at) => (at * 7 + (at >> 4)) % 256)),
    { raw: { width: WIDTH, height: height * frames, channels, ...(frames > 1 && { pageHeight: height }) } },
  );

const SAMPLES: Readonly<Record<string, () => Promise<readonly Buffer[]>>> = {
  png: async () => [
    await canvas(4)
      .png()
      .withExif({ IFD0: { ImageDescription: 'a cat' } })
      .toBuffer(),
    await canvas(3).png({ palette: true }).toBuffer(),
  ],
  jpeg: async () => [
    await canvas(3)
      .jpeg()
      .withExif({ IFD0: { Orientation: '6' } })
      .toBuffer(),
    await canvas(3).jpeg({ progressive: true }).toBuffer(),
  ],
  webp: async () => [
    await canvas(4).webp({ lossless: true }).toBuffer(),
    await canvas(3).webp().toBuffer(),
    await canvas(3, HEIGHT, FRAMES).webp({ lossless: true }).toBuffer(),
  ],
  gif: async () => [await canvas(3, HEIGHT, FRAMES).gif().toBuffer(), await canvas(3).gif().toBuffer()],
  tiff: async () => [await canvas(3).tiff({ compression: 'lzw' }).toBuffer(), await canvas(4).tiff().toBuffer()],
  avif: async () => [await canvas(3).avif({ effort: 0 }).toBuffer()],
};

/** As a picture comes in: its header, its frames or its pixels, and a small one of it. */
export const pictures: readonly Target[] = Object.entries(SAMPLES).map(([format, samples]) => ({
  name: format,
  budget: 3000,
  async open() {
    const codec = openImageCodec();
    const whole = await samples();
    const read = async (bytes: Uint8Array) => {
      if ((await animationSize(bytes)) === undefined) await codec.decode(bytes, 'x');
      else await decodeAnimation(bytes, 'x');
    };
    return {
      async whole() {
        for (const sample of whole) await read(sample);
      },
      round(random) {
        const bytes = mutated(whole[random(whole.length)] ?? Buffer.alloc(0), random);
        return isTaken(async () => {
          await read(bytes);
          if (random(10) === 0) await thumbnailOf(bytes, 16);
        });
      },
    };
  },
}));
