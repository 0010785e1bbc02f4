import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../engine/checkpoint/safetensors.ts';
import { weightSource } from '../../engine/checkpoint/weights.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { openUpscaler } from '../../engine/upscale/upscale.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { folderOf, type Shapes, tensorsOf, thrownBy } from '../../test/checkpoint-files.ts';
import { upscalers } from '../registry.ts';

/** Planes of one picture: [channels][height][width]. */
type Planes = readonly (readonly (readonly number[])[])[];
type Weights = ReadonlyMap<string, Float32Array>;

const EMBEDDED = join(import.meta.dirname, '..', 'upscalers', 'realesr-animevideov3-x4.safetensors');
const runtime = createOnnxRuntime({ threads: 1 });

async function run(file: string, picture: Float32Array, height: number, width: number): Promise<Float32Array> {
  const { network } = openUpscaler(file, upscalers);
  const g = new GraphBuilder();
  g.output('result', network.build(g, { batch: 1, height, width }));
  const session = await runtime.createSession(g.build(), { weights: 'private' });
  const { result } = await session.run({ frames: { dtype: 'float32', dims: [1, 3, height, width], data: picture } });
  await session.release();
  if (result?.dtype !== 'float32') throw new Error('no result');
  return result.data;
}

function file(shapes: Shapes, seed = 3): { readonly path: string; readonly weights: Weights } {
  const sizes = Object.values(shapes).map((shape) => shape.reduce((a, b) => a * b, 1));
  const values = Float32Array.from({ length: sizes.reduce((a, b) => a + b) }, (_, i) => Math.sin(seed + i * i) / 4);
  const path = join(
    folderOf({ 'up.safetensors': tensorsOf(shapes, 'F32', new Uint8Array(values.buffer)) }),
    'up.safetensors',
  );
  const source = weightSource([readSafetensors(path)], path);
  return { path, weights: new Map(source.names.map((name) => [name, Float32Array.from(source.read(name))])) };
}

const convolutionOf = (name: string, out: number, into: number): Shapes => ({
  [`${name}.weight`]: [out, into, 3, 3],
  [`${name}.bias`]: [out],
});

/** One group of dense blocks, four features, growth of two. */
function rrdbShapes(into = 3, prefix = ''): Shapes {
  const blocks = ['rdb1', 'rdb2', 'rdb3'].flatMap((block) =>
    [1, 2, 3, 4, 5].map((at) =>
      convolutionOf(`${prefix}body.0.${block}.conv${at}`, at === 5 ? 4 : 2, 4 + 2 * (at - 1)),
    ),
  );
  const rest = ['conv_body', 'conv_up1', 'conv_up2', 'conv_hr'].map((name) => convolutionOf(prefix + name, 4, 4));
  return Object.assign(
    {},
    convolutionOf(`${prefix}conv_first`, 4, into),
    ...blocks,
    ...rest,
    convolutionOf(`${prefix}conv_last`, 3, 4),
  );
}

const planes = (
  channels: number,
  height: number,
  width: number,
  at: (c: number, y: number, x: number) => number,
): Planes =>
  Array.from({ length: channels }, (_, c) =>
    Array.from({ length: height }, (_row, y) => Array.from({ length: width }, (_column, x) => at(c, y, x))),
  );
const heightOf = (x: Planes) => x[0]?.length ?? 0;
const widthOf = (x: Planes) => x[0]?.[0]?.length ?? 0;
const value = (x: Planes, c: number, y: number, column: number) => x[c]?.[y]?.[column] ?? 0;
const combine = (a: Planes, b: Planes, f: (a: number, b: number) => number): Planes =>
  planes(a.length, heightOf(a), widthOf(a), (c, y, x) => f(value(a, c, y, x), value(b, c, y, x)));
const leaky = (x: Planes): Planes => combine(x, x, (v) => (v > 0 ? v : 0.2 * v));
const twice = (x: Planes): Planes =>
  planes(x.length, 2 * heightOf(x), 2 * widthOf(x), (c, y, column) => value(x, c, y >> 1, column >> 1));

function convolved(weights: Weights, name: string, x: Planes): Planes {
  const [kernel, bias] = [weights.get(`${name}.weight`), weights.get(`${name}.bias`)];
  if (kernel === undefined || bias === undefined) throw new Error(name);
  return planes(bias.length, heightOf(x), widthOf(x), (out, y, column) => {
    let sum = bias[out] ?? 0;
    for (const [c] of x.entries())
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++)
          sum +=
            (kernel[((out * x.length + c) * 3 + dy + 1) * 3 + dx + 1] ?? Number.NaN) * value(x, c, y + dy, column + dx);
    return sum;
  });
}

/** RRDBNet in plain numbers. */
function reference(weights: Weights, picture: Planes): Planes {
  const first = convolved(weights, 'conv_first', picture);
  let inner = first;
  for (const block of ['rdb1', 'rdb2', 'rdb3']) {
    const seen = [...inner];
    for (const at of [1, 2, 3, 4]) seen.push(...leaky(convolved(weights, `body.0.${block}.conv${at}`, seen)));
    inner = combine(inner, convolved(weights, `body.0.${block}.conv5`, seen), (a, b) => a + 0.2 * b);
  }
  let x = combine(first, inner, (a, b) => a + 0.2 * b);
  x = combine(first, convolved(weights, 'conv_body', x), (a, b) => a + b);
  for (const name of ['conv_up1', 'conv_up2']) x = leaky(convolved(weights, name, twice(x)));
  return convolved(weights, 'conv_last', leaky(convolved(weights, 'conv_hr', x)));
}

/** The picture with pixels of f x f as channels, as torch.nn.PixelUnshuffle orders them. */
const unshuffled = (x: Planes, f: number): Planes =>
  planes(x.length * f * f, heightOf(x) / f, widthOf(x) / f, (c, y, column) => {
    const [channel, dy, dx] = [Math.floor(c / (f * f)), Math.floor((c % (f * f)) / f), c % f];
    return value(x, channel, y * f + dy, column * f + dx);
  });

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (v, i) => Math.abs(v - (b[i] ?? Number.NaN))));
};

describe('the upscaler that ships', () => {
  it('gives what ncnn makes of the file that it was converted from', async () => {
    const path = join(import.meta.dirname, '..', 'recipe', 'upscaler', 'reference.json');
    const { side, picture, result } = JSON.parse(readFileSync(path, 'utf8'));
    expect(openUpscaler(EMBEDDED, upscalers).network).toMatchObject({ scale: 4, margin: 18, multiple: 1 });
    expect(worst(await run(EMBEDDED, Float32Array.from(picture), side, side), result)).toBeLessThan(2e-4);
  });
});

describe('an upscaler of the RRDB kind', () => {
  const [height, width] = [8, 12];
  const picture = planes(3, height, width, (c, y, x) => 0.5 + Math.sin(c + y * 1.3 + x * 0.7) / 2);
  const flat = Float32Array.from(picture.flat(2));

  it.each([
    ['enlarges four times', 3, 1, 4],
    ['twice, from pixels of 2 x 2', 12, 2, 2],
    ['not at all, from pixels of 4 x 4', 48, 4, 1],
  ])('%s', async (_, into, multiple, scale) => {
    const { path, weights } = file(rrdbShapes(into));
    expect(openUpscaler(path, upscalers).network).toMatchObject({ scale, multiple });
    const expected = reference(weights, unshuffled(picture, multiple)).flat(2);
    expect(worst(await run(path, flat, height, width), expected)).toBeLessThan(1e-4);
  });

  it('is read under the names of its first release, and behind what a training script puts before them', async () => {
    const shapes = rrdbShapes();
    const first = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [
        name
          .replace('conv_first', 'model.0')
          .replace(/body\.0\.rdb(\d)\.conv(\d)/, 'model.1.sub.0.RDB$1.conv$2.0')
          .replace('conv_body', 'model.1.sub.1')
          .replace('conv_up1', 'model.3')
          .replace('conv_up2', 'model.6')
          .replace('conv_hr', 'model.8')
          .replace('conv_last', 'model.10'),
        shape,
      ]),
    );
    const plain = await run(file(shapes).path, flat, height, width);
    expect(worst(await run(file(first).path, flat, height, width), plain)).toBe(0);
    expect(worst(await run(file(rrdbShapes(3, 'params_ema.')).path, flat, height, width), plain)).toBe(0);
  });

  it.each([
    ['a tensor that is missing', ({ 'conv_up2.bias': _, ...rest }: Shapes) => rest, /"conv_up2\.bias" is missing/],
    [
      'a kernel of another size',
      (all: Shapes) => ({ ...all, 'conv_hr.weight': [4, 4, 1, 1] }),
      /"conv_hr\.weight" has the shape/,
    ],
    [
      'channels that no pixels give',
      (all: Shapes) => ({ ...all, 'conv_first.weight': [4, 5, 3, 3] }),
      /no such upscaler has/,
    ],
    ['a tensor that nothing reads', (all: Shapes) => ({ ...all, 'attention.weight': [4] }), /attention\.weight/],
    ['other networks', () => ({ 'transformer.weight': [4] }), /no upscaler that Attune runs/],
  ])('is refused with %s', (_, change, message) => {
    const { path } = file(change(rrdbShapes()) as Shapes);
    const error = thrownBy(() => openUpscaler(path, upscalers));
    expect(error.message).toMatch(message);
    expect(error.message).toContain('up.safetensors');
  });
});
