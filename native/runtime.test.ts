import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttuneError } from '../engine/base/errors.ts';
import type { Tensor } from '../engine/base/tensor.ts';
import type { WeightRef } from '../engine/checkpoint/weights.ts';
import { GraphBuilder } from '../engine/graph/builder.ts';
import { listProviders } from './providers.ts';
import { createOnnxRuntime } from './runtime.ts';

const runtime = createOnnxRuntime({ threads: 1 });
const treatments = ['mapped', 'private'] as const;

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'attune runtime ü-')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('weights in their files', () => {
  const WIDTH = 48;
  const values = Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => Math.sin(i * i));
  const encode = {
    F32: { bytes: 4, put: (view: DataView, value: number) => view.setFloat32(0, value, true), widen: Math.fround },
    F16: { bytes: 2, put: (view: DataView, value: number) => view.setFloat16(0, value, true), widen: Math.f16round },
    // The upper half of a float32, cut off.
    BF16: {
      bytes: 2,
      put: (view: DataView, value: number) => view.setUint16(0, upperHalf(value), true),
      widen: cutOff,
    },
  };

  function upperHalf(value: number): number {
    return (new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0) >>> 16;
  }
  function cutOff(value: number): number {
    return new Float32Array(Uint32Array.of((upperHalf(value) << 16) >>> 0).buffer)[0] ?? Number.NaN;
  }

  /** The matrix at an odd offset of a file whose links are resolved. */
  function write(dtype: keyof typeof encode, file: string): WeightRef {
    const { bytes, put } = encode[dtype];
    const offset = 4099;
    const buffer = new Uint8Array(offset + values.length * bytes + 5).fill(0x7f);
    for (const [i, value] of values.entries()) put(new DataView(buffer.buffer, offset + i * bytes), value);
    writeFileSync(file, buffer);
    const shape = [WIDTH, WIDTH];
    return { name: 'w', dtype, shape, file: realpathSync(file), offset, byteLength: values.length * bytes };
  }

  async function product(ref: WeightRef | Float32Array, weights: 'mapped' | 'private') {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [3, WIDTH]);
    const w = ref instanceof Float32Array ? g.constant('float32', [WIDTH, WIDTH], ref) : g.weight(ref);
    g.output('y', g.linear(x, w));
    const session = await runtime.createSession(g.build(), { weights });
    const data = Float32Array.from({ length: 3 * WIDTH }, (_, i) => Math.cos(i));
    const { y } = await session.run({ x: { dtype: 'float32', dims: [3, WIDTH], data } });
    await session.release();
    return y;
  }

  for (const weights of treatments) {
    it.each(['F32', 'F16', 'BF16'] as const)(
      `${weights} %s at an odd offset equals the widened matrix`,
      async (dtype) => {
        const widened = values.map(encode[dtype].widen);
        const ref = write(dtype, join(folder, `${weights}-${dtype}.safetensors`));
        expect(await product(ref, weights)).toEqual(await product(widened, weights));
      },
    );
  }

  it.skipIf(process.platform === 'win32')(
    'behind a link that leads out of its folder, as in the Hugging Face cache',
    async () => {
      const blob = join(folder, '0123456789abcdef');
      const ref = write('F16', blob);
      const link = join(mkdtempSync(join(folder, 'snapshot-')), 'model.safetensors');
      symlinkSync(blob, link);
      const linked = { ...ref, file: realpathSync(link) };
      expect(await product(linked, 'mapped')).toEqual(await product(values.map(Math.f16round), 'mapped'));
    },
  );

  it.each(['F32', 'F16', 'BF16'] as const)('rows of a %s vocabulary', async (dtype) => {
    const g = new GraphBuilder();
    const ids = g.input('ids', 'int64', [2]);
    g.output('y', g.embedding(write(dtype, join(folder, `vocabulary-${dtype}`)), ids));
    const session = await runtime.createSession(g.build(), { weights: 'mapped' });
    const { y } = await session.run({ ids: { dtype: 'int64', dims: [2], data: BigInt64Array.of(3n, 0n) } });
    const rows = [...values.subarray(3 * WIDTH, 4 * WIDTH), ...values.subarray(0, WIDTH)];
    expect(y?.data).toEqual(Float32Array.from(rows, encode[dtype].widen));
  });

  it('a file that is gone is named', async () => {
    const ref = write('F32', join(folder, 'gone.safetensors'));
    rmSync(ref.file);
    await expect(product(ref, 'mapped')).rejects.toThrow(/could not load the network: .*gone\.safetensors/);
  });
});

describe('tensors cross the border', () => {
  const tensors: readonly Tensor[] = [
    { dtype: 'float32', dims: [2], data: Float32Array.of(1.5, -2) },
    { dtype: 'float16', dims: [2], data: Uint16Array.of(0x3c00, 0xc000) },
    { dtype: 'int64', dims: [2], data: BigInt64Array.of(-1n, 2n ** 40n) },
    { dtype: 'int32', dims: [1, 2], data: Int32Array.of(-1, 7) },
    { dtype: 'uint8', dims: [2], data: Uint8Array.of(0, 255) },
    { dtype: 'bool', dims: [2], data: Uint8Array.of(0, 1) },
    { dtype: 'float32', dims: [2, 0], data: new Float32Array(0) },
  ];
  it.each(tensors)('$dtype $dims', async (tensor) => {
    const g = new GraphBuilder();
    g.output('y', g.input('x', tensor.dtype, tensor.dims));
    const session = await runtime.createSession(g.build(), { weights: 'private' });
    expect(await session.run({ x: tensor })).toEqual({ y: tensor });
  });
});

describe('failures', () => {
  const pair = { dtype: 'float32', dims: [2], data: Float32Array.of(1, 2) } as const;

  async function open() {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [2]);
    g.output('y', g.neg(x));
    g.output('z', g.exp(x));
    return runtime.createSession(g.build(), { weights: 'mapped' });
  }

  const feeds: readonly [string, Record<string, Tensor>, string][] = [
    ['an input is missing', {}, "input 'x' is missing"],
    ['a wrong type', { x: { dtype: 'int32', dims: [2], data: Int32Array.of(1, 2) } }, 'failed to run (x int32[2]): '],
    ['a wrong shape', { x: { ...pair, dims: [1, 2] } }, 'failed to run (x float32[1,2]): '],
    ['dims that do not fit the data', { x: { ...pair, dims: [3] } }, 'The input "x" (float32[3]) cannot be fed: '],
  ];
  it.each(feeds)('%s', async (_, given, message) => {
    const failed = (await open()).run(given);
    await expect(failed).rejects.toThrow(AttuneError);
    await expect(failed).rejects.toMatchObject({ kind: 'runtime-failed', message: expect.stringContaining(message) });
  });

  it('an output that is not there, a session that is released, a model that is none', async () => {
    const session = await open();
    expect(Object.keys(await session.run({ x: pair }, ['z']))).toEqual(['z']);
    await expect(session.run({ x: pair }, ['q'])).rejects.toMatchObject({ kind: 'runtime-failed' });
    await session.release();
    await expect(session.run({ x: pair })).rejects.toMatchObject({ kind: 'runtime-failed' });
    const broken = runtime.createSession({ bytes: new Uint8Array(7), weightsRoot: '/' }, { weights: 'mapped' });
    await expect(broken).rejects.toMatchObject({ kind: 'runtime-failed', cause: expect.any(Error) });
  });

  it('a provider that is not there is never replaced', () => {
    expect(() => createOnnxRuntime({ provider: 'cuda' })).toThrow(/"cuda" cannot be used here; choose one of: cpu/);
    expect(() => createOnnxRuntime({ threads: 0 })).toThrow(AttuneError);
    expect(listProviders()).toContainEqual({ name: 'cpu', bundled: true, usable: true });
  });
});
