import ExifReader from 'exifreader';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { EditRecord } from '../../../contract/index.ts';
import { AttuneError } from '../../base/errors.ts';
import type { ImageFormat } from '../../ports.ts';
import { pictureFormat } from './carried.ts';
import { readMetadata, writeMetadata } from './picture.ts';

const unicodePrompt = 'a „red“ apple 🍎 & <b>pear</b>, ((shiny:1.2))\nzweite Zeile — 雪';

function recordOf(change: Partial<EditRecord['request']> = {}): EditRecord {
  return {
    schema: 'attune/1',
    app: { name: 'Attune', version: '0.1.0' },
    request: {
      method: 'prompt-edit',
      checkpoint: 'embedded/image',
      prompt: unicodePrompt,
      negative: 'blurry, "low"',
      seed: 965400086,
      params: { strength: 0.6 },
      size: { width: 20, height: 12 },
      steps: 28,
      guidance: 4.5,
      ...change,
    },
    prompts: [{ role: 'prompt', text: 'x', weights: [{ start: 0, end: 1, weight: 1.2 }] }],
    checkpoint: { name: 'sd3.5, medium', family: 'sd3', files: [{ path: 'vae/config.json', bytes: 12 }] },
    runtime: { provider: 'cpu', version: 'onnxruntime 1.30.0', precision: 'float32' },
    noise: 'test',
    sampler: { name: 'flow-euler', commonName: 'Euler', sigmas: [1, 0.5, 0] },
    operations: [{ primitive: 'route', words: [{ text: 'apple', tokens: [3] }], values: { until: 0.5 } }],
  };
}

const gradient = Buffer.from(Array.from({ length: 20 * 12 * 3 }, (_, index) => (index * 7) % 256));
const encode = (format: ImageFormat, raw = gradient, channels: 3 | 4 = 3) => {
  const pipeline = sharp(raw, { raw: { width: 20, height: 12, channels } });
  return format === 'webp' || format === 'avif'
    ? pipeline[format]({ lossless: true }).toBuffer()
    : pipeline[format]().toBuffer();
};
const formats = ['png', 'jpeg', 'webp', 'avif'] as const;

describe.each(formats)('metadata of a finished %s', (format) => {
  it('comes back from the file, word for word', async () => {
    const record = recordOf();
    const { bytes, notices } = writeMetadata(await encode(format), format, record);
    const read = readMetadata(bytes);
    expect(notices).toEqual([]);
    expect(read).toMatchObject({ format, problems: [], otherFields: [], sourceType: 'trainedAlgorithmicMedia' });
    expect(read.record).toEqual(record);
    expect(read.parameters?.prompt).toBe(unicodePrompt);
    expect(read.parameters?.negative).toBe('blurry, "low"');
    expect(read.parameters?.settings.get('Model')).toBe('sd3.5, medium');
  });

  it('leaves the pixels alone', async () => {
    const plain = await encode(format);
    const { bytes } = writeMetadata(plain, format, recordOf());
    expect(await sharp(bytes).raw().toBuffer()).toEqual(await sharp(plain).raw().toBuffer());
  });

  it('marks an edited photograph as a composite', async () => {
    const source = { sha256: 'a'.repeat(64), name: 'photo.png' };
    const { bytes } = writeMetadata(await encode(format), format, recordOf({ source }));
    expect(readMetadata(bytes).sourceType).toBe('compositeWithTrainedAlgorithmicMedia');
  });

  it('is understood by ExifReader', async () => {
    const { bytes } = writeMetadata(await encode(format), format, recordOf());
    const tags = ExifReader.load(Buffer.from(bytes), { expanded: true });
    expect(String(tags.xmp?.DigitalSourceType?.value)).toMatch(/trainedAlgorithmicMedia$/);
    expect(tags.xmp?.CreatorTool?.value).toBe('Attune 0.1.0');
    if (format === 'png')
      expect(String((tags.png?.parameters as { value?: unknown } | undefined)?.value)).toContain(
        '\nNegative prompt: blurry',
      );
    else {
      // ExifReader hands the comment over undecoded: UNICODE, then big-endian UTF-16.
      const { value } = (tags.exif?.UserComment ?? { value: [] }) as { value: number[] };
      const comment = Buffer.from(value);
      expect(comment.subarray(0, 8).toString('latin1')).toBe('UNICODE\0');
      expect(comment.subarray(8).swap16().toString('utf16le')).toContain('雪\nNegative prompt: blurry');
    }
  });

  it('is the same bytes for the same record, in whichever order its keys came', async () => {
    const plain = await encode(format);
    const record = recordOf();
    const { steps, ...others } = record.request;
    const shuffled = { ...record, request: { steps, ...others } };
    expect(writeMetadata(plain, format, shuffled).bytes).toEqual(writeMetadata(plain, format, record).bytes);
  });

  it('never crashes the reader when it is damaged', async () => {
    const { bytes } = writeMetadata(await encode(format), format, recordOf());
    let state = 12345;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state % below;
    };
    for (let round = 0; round < 3000; round++) {
      const damaged = bytes.slice(0, round % 3 === 0 ? random(bytes.length) : bytes.length);
      for (let change = random(6); change >= 0 && damaged.length > 0; change--)
        damaged[random(damaged.length)] = random(256);
      try {
        readMetadata(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(AttuneError);
      }
    }
  });
});

describe('a PNG', () => {
  it('carries plain text as tEXt and other text as uncompressed iTXt, before its pixels', async () => {
    const types = (bytes: Uint8Array) =>
      Buffer.from(bytes)
        .toString('latin1')
        .match(/tEXt|iTXt|zTXt|IDAT/g);
    const ascii = writeMetadata(await encode('png'), 'png', recordOf({ prompt: 'a red apple' })).bytes;
    expect(types(ascii)).toEqual(['tEXt', 'tEXt', 'iTXt', 'IDAT']);
    const unicode = writeMetadata(await encode('png'), 'png', recordOf()).bytes;
    expect(types(unicode)).toEqual(['iTXt', 'tEXt', 'iTXt', 'IDAT']);
    expect((await sharp(unicode).metadata()).comments?.map(({ keyword }) => keyword)).toContain('parameters');
  });

  it('of another tool is read: A1111 text, and the names of what else it carries', async () => {
    const png = await encode('png');
    const text = 'a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768';
    const { insertPngText } = await import('./png.ts');
    const read = readMetadata(
      insertPngText(png, [
        { keyword: 'parameters', text },
        { keyword: 'workflow', text: '{}' },
      ]),
    );
    expect(read.parametersText).toBe(text);
    expect(read.parameters?.settings.get('Size-2')).toBe('768');
    expect(read.otherFields).toEqual(['workflow']);
    expect(read.record).toBeUndefined();
  });

  it('with a record that is too deep, too new or no JSON says so and reads the rest', async () => {
    const png = await encode('png');
    const { insertPngText } = await import('./png.ts');
    for (const text of ['['.repeat(200_000), '{"schema":"attune/2"}', '{', '{"__proto__":{}}']) {
      const read = readMetadata(insertPngText(png, [{ keyword: 'attune', text }]));
      expect(read.record).toBeUndefined();
      expect(read.problems).toHaveLength(1);
    }
  });
});

describe('a WebP', () => {
  it.each([
    ['without an alpha channel, lossy', { quality: 80 }, 3],
    ['without an alpha channel, lossless', { lossless: true }, 3],
    ['with an alpha channel, lossy', { quality: 80 }, 4],
    ['with an alpha channel, lossless', { lossless: true }, 4],
  ] as const)('%s keeps its size, its alpha and its pixels', async (_what, options, channels) => {
    const raw = Buffer.from(Array.from({ length: 20 * 12 * channels }, (_, index) => (index * 13) % 256));
    const plain = await sharp(raw, { raw: { width: 20, height: 12, channels } })
      .webp(options)
      .toBuffer();
    const { bytes } = writeMetadata(plain, 'webp', recordOf());
    const { width, height, hasAlpha, exif, xmp } = await sharp(bytes).metadata();
    expect({ width, height, hasAlpha }).toEqual({ width: 20, height: 12, hasAlpha: channels === 4 });
    expect(exif).toBeDefined();
    expect(xmp).toBeDefined();
    expect(await sharp(bytes).raw().toBuffer()).toEqual(await sharp(plain).raw().toBuffer());
  });
});

describe('a JPEG', () => {
  it('that cannot hold the record keeps the IPTC mark and says what is missing', async () => {
    const { bytes, notices } = writeMetadata(await encode('jpeg'), 'jpeg', recordOf({ prompt: '雪'.repeat(20_000) }));
    const read = readMetadata(bytes);
    expect(notices).toHaveLength(1);
    expect(read.record).toBeUndefined();
    expect(read.parameters?.prompt).toHaveLength(20_000);
    expect(read.sourceType).toBe('trainedAlgorithmicMedia');
  });
});

it('a file that is no picture is refused with a sentence', () => {
  expect(pictureFormat(new Uint8Array(3))).toBeUndefined();
  expect(() => readMetadata(Buffer.from('hello there'))).toThrow(/neither PNG, JPEG, WebP, AVIF, HEIC, TIFF nor GIF/);
});
