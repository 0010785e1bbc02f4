import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { AttuneError } from '../engine/base/errors.ts';
import type { ImageFormat, Pixels } from '../engine/ports.ts';
import { fuzzRounds, mutated, randomNumbers } from '../test/mutations.ts';
import { openImageCodec } from './images.ts';

const codec = openImageCodec();
const noise = (channels: 1 | 3 | 4): Pixels => ({
  width: 13,
  height: 7,
  channels,
  data: Uint8Array.from({ length: 13 * 7 * channels }, (_, index) => (index * 37 + (index >> 3) * 101) % 256),
});

describe('the image codec', () => {
  it.each(['png', 'webp', 'avif'] as const)(
    'keeps every pixel in %s, with and without transparency',
    async (format) => {
      for (const channels of [3, 4] as const) {
        const pixels = noise(channels);
        expect(await codec.decode(await codec.encode(pixels, format), 'x')).toEqual(pixels);
      }
    },
  );

  it('writes a mask as one channel and reads it back in grey', async () => {
    const mask = noise(1);
    const bytes = await codec.encode(mask, 'png');
    expect((await sharp(bytes).metadata()).channels).toBe(1);
    const read = await codec.decode(bytes, 'x');
    expect([...read.data].filter((_, index) => index % read.channels === 0)).toEqual([...mask.data]);
  });

  it.each(['png', 'jpeg', 'webp', 'avif'] as const)(
    'gives the same bytes for the same pixels in %s',
    async (format: ImageFormat) => {
      expect(await codec.encode(noise(3), format)).toEqual(await codec.encode(noise(3), format));
    },
  );

  it('stays close in JPEG', async () => {
    const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => ((index / 3) % 64) << 1);
    const pixels: Pixels = { width: 64, height: 64, channels: 3, data };
    const read = await codec.decode(await codec.encode(pixels, 'jpeg'), 'x');
    expect(Math.max(...read.data.map((value, index) => Math.abs(value - data[index]!)))).toBeLessThan(24);
  });

  it('applies the orientation that a camera wrote', async () => {
    const turned = await sharp(noise(3).data, { raw: { width: 13, height: 7, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    expect(await codec.decode(turned, 'x')).toMatchObject({ width: 7, height: 13 });
  });

  it('refuses an animation instead of taking its first frame', async () => {
    const frames = Buffer.alloc(8 * 4 * 3).fill(9, 0, 48);
    const animated = await sharp(frames, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } })
      .gif()
      .toBuffer();
    expect((await sharp(animated).metadata()).pages).toBe(2);
    await expect(codec.decode(animated, 'dance.gif')).rejects.toMatchObject({
      kind: 'media-invalid',
      message: expect.stringContaining('2 frames'),
    });
  });

  /** As the trade's tools write them; `test/madeby/make.py` says how. */
  const made = (name: string) => new Uint8Array(readFileSync(new URL(`../test/madeby/${name}`, import.meta.url)));

  it('takes a JPEG called JFIF, and a TIFF whose second page is a smaller copy of the first', async () => {
    expect(await codec.decode(made('photo.jfif'), 'photo.jfif')).toMatchObject({ width: 16, height: 16 });
    const { width, data } = await codec.decode(made('page-with-thumbnail.tiff'), 'x.tiff');
    expect([width, data[0]]).toEqual([16, 200]);
  });

  it.each([
    ['pages.tiff', /pages\.tiff has 2 pages; save the page you want/],
    ['comfyui-animated.png', /is animated \(2 frames\); Attune edits still pictures/],
    ['picture.bmp', /is a BMP picture, which is not taken; save it as PNG, JPEG, WebP or AVIF/],
    ['comfyui.mp4', /is a video \(MP4 or MOV\), which is not taken/],
    ['comfyui.webm', /is a video \(WebM or Matroska\), which is not taken/],
  ])('says of %s what it is, and what to do', async (name, sentence) => {
    await expect(codec.decode(made(name), name)).rejects.toThrow(sentence);
  });

  it('reads a HEIC picture where its library can, and names it where it cannot', async () => {
    const read = await codec.decode(made('piexif.heic'), 'photo.heic').catch((error: unknown) => error);
    if (read instanceof Error) expect(read.message).toMatch(/^photo\.heic is a HEIC picture.*save it as JPEG or PNG/);
    else expect(read).toMatchObject({ width: 16, height: 16 });
  });

  it.each([
    ['a JPEG XL picture', '0000000c4a584c200d0a870a'],
    ['a JPEG XL picture', 'ff0a'],
    ['a JPEG 2000 picture', '0000000c6a5020200d0a870a'],
    ['a Photoshop document', '38425053'],
    ['a Windows icon', '00000100'],
    ['an OpenEXR picture', '762f3101'],
    ['a GIMP document', '67696d7020786366'],
  ])('names %s by its first bytes', async (kind, hex) => {
    const bytes = new Uint8Array(64);
    bytes.set(Buffer.from(hex, 'hex'));
    await expect(codec.decode(bytes, 'x.png')).rejects.toThrow(`x.png is ${kind}, which is not taken`);
  });

  it('turns other colour spaces and depths into 8-bit sRGB', async () => {
    const red = { create: { width: 4, height: 4, channels: 3, background: { r: 200, g: 40, b: 40 } } } as const;
    const wide = await sharp(red).toColourspace('rgb16').png().toBuffer();
    const printed = await sharp(red).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    const display = await sharp(red).withIccProfile('p3').png().toBuffer();
    // Ink cannot show this red, and the picture names no profile: libvips' own conversion is close, not exact.
    for (const [bytes, within] of [
      [wide, 0],
      [display, 1],
      [printed, 24],
    ] as const) {
      const { data, channels } = await codec.decode(bytes, 'x');
      expect(channels).toBe(3);
      for (const [index, value] of [200, 40, 40].entries())
        expect(Math.abs(data[index]! - value)).toBeLessThanOrEqual(within);
    }
  });

  it('refuses what is too large before decoding it', async () => {
    const small = openImageCodec({ maxPixels: 90 });
    await expect(small.decode(await codec.encode(noise(3), 'png'), 'big.png')).rejects.toThrow(
      /big\.png has more than 90 pixels; scale it down/,
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>')],
    ['half a PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
  ])('refuses %s, naming the file', async (_what, bytes) => {
    const error = await codec.decode(bytes, 'odd.png').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AttuneError);
    expect(error).toMatchObject({ kind: 'media-invalid', where: { file: 'odd.png' } });
  });

  it.each([
    'piexif.png',
    'comfyui-animated.png',
    'piexif.jpg',
    'piexif.webp',
    'piexif.avif',
    'piexif.heic',
    'pages.tiff',
    'page-with-thumbnail.tiff',
    'comment.gif',
  ])('gives only typed errors for damage of %s', async (name) => {
    const [whole, random] = [made(name), randomNumbers(name.length)];
    for (let round = 0; round < fuzzRounds(60); round++) {
      const outcome = await codec.decode(mutated(whole, random), 'x').catch((caught: unknown) => caught);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(AttuneError);
    }
  });
});
