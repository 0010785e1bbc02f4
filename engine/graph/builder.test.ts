import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { AttuneError } from '../base/errors.ts';
import type { WeightRef } from '../checkpoint/weights.ts';
import { GraphBuilder, type Value } from './builder.ts';
import { externalLocation } from './location.ts';
import { ModelProtoSchema } from './onnx_pb.ts';

const weight = (name: string, shape: number[], more: Partial<WeightRef> = {}): WeightRef => ({
  name,
  dtype: 'F32',
  shape,
  file: '/models/a.safetensors',
  offset: 8,
  byteLength: 4 * shape.reduce((a, b) => a * b, 1),
  ...more,
});

function graphOf(g: GraphBuilder) {
  const { graph } = fromBinary(ModelProtoSchema, g.build().bytes);
  return graph ?? expect.fail('no graph');
}

function errorOf(body: () => unknown): AttuneError {
  try {
    body();
  } catch (error) {
    if (error instanceof AttuneError) return error;
    throw error;
  }
  return expect.fail('it was accepted');
}

describe('what does not fit is refused by name', () => {
  const cases: readonly [string, (g: GraphBuilder, x: Value, ids: Value) => unknown, string][] = [
    [
      'add',
      (g, x) => g.add(x, g.input('b', 'float32', [2])),
      'Add of float32[2,3,4], float32[2]: the shapes do not broadcast.',
    ],
    ['mul', (g, x, ids) => g.mul(x, ids), 'Mul of float32[2,3,4], int64[5]: the types differ.'],
    ['exp', (g, _, ids) => g.exp(ids), 'Exp of int64[5]: int64 where float32 is expected.'],
    ['where', (g, x) => g.where(x, x, x), 'float32 where bool is expected'],
    ['reshape', (g, x) => g.reshape(x, [5, 5]), 'Reshape of float32[2,3,4]: 24 elements do not have shape [5,5].'],
    ['reshape with a rest', (g, x) => g.reshape(x, [5, -1]), 'is no shape'],
    ['transpose', (g, x) => g.transpose(x, [0, 1]), '[0,1] is no permutation of 3 axes'],
    ['transpose twice', (g, x) => g.transpose(x, [0, 1, 1]), 'axes [0,1,1] repeat'],
    ['concat', (g, x) => g.concat([x, g.slice(x, 0, 0, 1)], 1), 'the shapes differ beside axis 1'],
    ['concat of nothing', (g) => g.concat([], 1), 'no operands'],
    ['slice', (g, x) => g.slice(x, 1, 2, 5), '2..5 is no range of 3'],
    ['slice backwards', (g, x) => g.slice(x, 1, 0, 2, -1), 'step -1 is not positive'],
    ['split', (g, x) => g.split(x, 1, 2), '3 does not divide into 2'],
    ['split by lengths', (g, x) => g.split(x, 1, [1, 1]), '[1,1] does not add up to 3'],
    ['gather', (g, x) => g.gather(x, x, 0), 'float32 where int64 or int32 is expected'],
    ['expand', (g, x) => g.expand(x, [3, 4]), 'it does not broadcast to [3,4]'],
    ['squeeze', (g, x) => g.squeeze(x, [1]), 'axis 1 is not 1'],
    ['unsqueeze', (g, x) => g.unsqueeze(x, [5]), 'axis 5 does not exist at rank 4'],
    ['pad', (g, x) => g.pad(x, [1, 1]), '2 pads for 3 axes'],
    ['reduceSum', (g, x) => g.reduceSum(x, [3], true), 'axis 3 does not exist at rank 3'],
    ['softmax', (g, x) => g.softmax(x, -4), 'axis -4 does not exist at rank 3'],
    ['layerNorm', (g, x) => g.layerNorm(x, { scale: g.scalar(1), epsilon: 1 }), 'scale and bias must be [4]'],
    ['rmsNorm', (g, x) => g.rmsNorm(x, g.scalar(1), 1), 'the weight must be [4]'],
    ['groupNorm', (g, x) => g.groupNorm(x, 2, g.scalar(1), g.scalar(1), 1), '3 channels do not divide into 2 groups'],
    ['matmul', (g, x) => g.matmul(x, x), '4 columns meet 3 rows'],
    ['linear', (g, x) => g.linear(x, g.input('w', 'float32', [4, 3])), '4 features meet 3 columns'],
    ['linear bias', (g, x) => g.linear(x, g.input('w', 'float32', [5, 4]), g.scalar(0)), 'the bias must be [5]'],
    ['conv2d', (g, x) => g.conv2d(x, x), 'image and kernel need four axes'],
    ['conv3d', (g, x) => g.conv3d(x, x, x), 'image and kernel need five axes'],
    ['resizeNearest', (g, x) => g.resizeNearest(x, 2), 'the image needs four axes'],
    ['rotation', (g, x) => g.rotatePairs(x, x, x, 2), 'the tables must be [3,1]'],
    ['rotation in odd heads', (g, x) => g.rotatePairs(x, x, x, 3), '4 has no pairs in 3 heads'],
    ['attention', (g, x) => g.multiHeadAttention(x, x, x, { heads: 3, scale: 1 }), 'do not divide into 3 heads'],
    [
      'embedding',
      (g, _, ids) => g.embedding(weight('t', [2], { dtype: 'I64', byteLength: 16 }), ids),
      'int64 where float32',
    ],
    ['constant', (g) => g.constant('float32', [2], [1]), '1 elements for shape [2]'],
    ['input', (g) => g.input('x', 'float32', [1]), 'the name "x" is taken'],
    ['input of no shape', (g) => g.input('y', 'float32', [-1]), '[-1] is no shape'],
    ['weight', (g) => g.weight(weight('w', [2]), [3]), '[2] cannot be read as [3]'],
    ['weight bytes', (g) => g.weight(weight('w', [2], { byteLength: 4 })), '4 bytes for F32[2]'],
    ['a stranger', (g, x) => g.add(x, new GraphBuilder().input('x', 'float32', [1])), 'x belongs to another graph'],
  ];
  it.each(cases)('%s', (_, body, message) => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [2, 3, 4]);
    const ids = g.input('ids', 'int64', [5]);
    const error = errorOf(() => g.scope('blocks.0', () => g.scope('attn', () => body(g, x, ids))));
    expect(error.kind).toBe('graph-invalid');
    expect(error.message).toMatch(/^blocks\.0\/attn: /);
    expect(error.message).toContain(message);
    // The scope has been left all the same.
    expect(errorOf(() => g.exp(ids)).message).toMatch(/^Exp of/);
  });
});

describe('encoding', () => {
  it('leaves out what no output depends on', () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [2]);
    g.add(g.weight(weight('unused', [2])), g.constant('float32', [2], [1, 2]));
    g.output(
      'y',
      g.scope('block', () => g.add(x, g.weight(weight('used', [2], { offset: 16 })))),
    );
    const graph = graphOf(g);
    expect(graph.node.map(({ name }) => name)).toEqual(['block/Add']);
    expect(graph.initializer.map(({ name }) => name)).toEqual(['used']);
  });

  it('points weights at their files, each tensor once', () => {
    const g = new GraphBuilder();
    const ref = weight('w', [2, 3], { offset: 5_000_000_001 });
    expect(g.weight(ref)).toBe(g.weight({ ...ref, name: 'tied' }));
    expect(g.weight(ref, [6]).shape).toEqual([6]);
    g.output('y', g.weight(ref));
    const [initializer] = graphOf(g).initializer;
    expect(Object.fromEntries(initializer?.externalData.map(({ key, value }) => [key, value]) ?? [])).toEqual({
      location: 'models/a.safetensors',
      offset: '5000000001',
      length: '24',
    });
  });

  it('widens 16-bit weights before all else', () => {
    const g = new GraphBuilder();
    let x = g.neg(g.input('x', 'float32', [2]));
    for (const dtype of ['F16', 'BF16'] as const) x = g.add(x, g.weight(weight(dtype, [2], { dtype, byteLength: 4 })));
    g.output('y', x);
    expect(graphOf(g).node.map(({ opType }) => opType)).toEqual(['Cast', 'Cast', 'Neg', 'Add', 'Add']);
  });

  it('shares small constants', () => {
    const g = new GraphBuilder();
    expect(g.scalar(2)).toBe(g.scalar(2));
    expect(g.scalar(2)).not.toBe(g.constant('int64', [], [2]));
    expect(g.constant('float32', [1, 2], [1, 2])).not.toBe(g.constant('float32', [2], [1, 2]));
  });

  it('does not follow a list of operands that goes on growing', () => {
    const g = new GraphBuilder();
    const seen = [g.input('z', 'float32', [2]), g.input('w', 'float32', [2])];
    seen.push(g.neg(g.concat(seen, 0)));
    g.output('y', g.concat(seen, 0));
    const concats = graphOf(g).node.filter(({ opType }) => opType === 'Concat');
    expect(concats.map(({ input }) => input.length)).toEqual([2, 3]);
  });

  it('gives the same bytes for the same graph, also a large one', () => {
    const build = () => {
      const g = new GraphBuilder();
      let x = g.input('x', 'float32', [1, 64]);
      for (let i = 0; i < 500; i++) {
        const w = g.weight(weight(`blocks.${i}.w`, [64, 64], { offset: i * 16384 }));
        x = g.scope(`blocks.${i}`, () => g.add(x, g.silu(g.linear(g.layerNorm(x, { epsilon: 1e-6 }), w))));
      }
      g.output('y', x);
      return g.build();
    };
    // 2000 nodes and 500 weights, about an SD3 of 24 layers.
    expect(build()).toEqual(build());
  });

  it('names outputs as asked, also inputs and values that are outputs twice', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [2]);
    const y = g.neg(x);
    g.output('same', x);
    g.output('first', y);
    g.output('second', y);
    g.output('third', g.exp(y));
    const session = await createOnnxRuntime().createSession(g.build(), { weights: 'mapped' });
    const results = await session.run({ x: { dtype: 'float32', dims: [2], data: Float32Array.of(1, -2) } });
    expect(Object.keys(results)).toEqual(['same', 'first', 'second', 'third']);
    expect(results.same?.data).toEqual(Float32Array.of(1, -2));
    expect(results.second?.data).toEqual(Float32Array.of(-1, 2));
    expect(errorOf(() => g.output('first', x)).message).toContain('the name "first" is taken');
  });
});

describe('locations', () => {
  it.each([
    ['/home/u/m/a.safetensors', '/', 'home/u/m/a.safetensors'],
    ['/odd\\name', '/', 'odd\\name'],
    ['C:\\models\\a b\\x.safetensors', 'C:\\', 'models/a b/x.safetensors'],
    ['\\\\nas\\share\\m\\x.safetensors', '\\\\nas\\share\\', 'm/x.safetensors'],
  ])('%s', (file, root, location) => {
    expect(externalLocation(file)).toEqual({ root, location });
  });

  it('refuses relative paths and weights on two drives', () => {
    expect(errorOf(() => externalLocation('a.safetensors')).kind).toBe('graph-invalid');
    const g = new GraphBuilder();
    const sum = g.add(
      g.weight(weight('a', [2], { file: 'C:\\a.safetensors' })),
      g.weight(weight('b', [2], { file: 'c:\\b.safetensors' })),
    );
    g.output('one', sum);
    expect(g.build().weightsRoot).toBe('C:\\');
    g.output('two', g.add(sum, g.weight(weight('c', [2], { file: 'D:\\c.safetensors' }))));
    const error = errorOf(() => g.build());
    expect(error.kind).toBe('checkpoint-unsupported');
    expect(error.where.file).toBe('D:\\c.safetensors');
  });
});
