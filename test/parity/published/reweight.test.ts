import { describe, expect, it } from 'vitest';
import { compileAttention, type HookSizes, type HookValues, sizesOf } from '../../../engine/index.ts';
import { createOnnxRuntime } from '../../../native/runtime.ts';
import { callGraph, runCall, siteOf } from '../../attention-harness.ts';
import { numbers, randomOperands } from '../../attention-random.ts';
import { apart } from '../../embedded.ts';
import { reweighting, reweightValues } from './reweight.ts';

const runtime = createOnnxRuntime({ threads: 1 });
const image = { frames: 2, height: 2, width: 3 };
const site = siteOf({ batch: 4, heads: 2, headDim: 4, text: 3, image, order: 'text first' });
const operands = randomOperands(numbers(1), site);
const rowLength = (3 + 12) * 8;

async function out(ops: typeof reweighting, values: (sizes: HookSizes) => HookValues = () => ({})) {
  const { outputs } = await runCall(runtime, site, ops, operands, ({ sizes }) => [values(sizes)]);
  return Array.from(outputs.out?.data ?? [], Number);
}
const row = (all: readonly number[], at: number) => all.slice(at * rowLength, (at + 1) * rowLength);

describe('reweighting', () => {
  it('changes nothing at factor 1 and only the rows that are named', async () => {
    const own = await out([]);
    const named = (scale: number) => [null, null, null, { tokens: [1], scale }];
    expect(apart(await out(reweighting, (sizes) => reweightValues(sizes, named(1))), own)).toBeLessThan(1e-6);
    const changed = await out(reweighting, (sizes) => reweightValues(sizes, named(0)));
    for (const other of [0, 1, 2]) expect(apart(row(changed, other), row(own, other))).toBeLessThan(1e-6);
    expect(apart(row(changed, 3), row(own, 3))).toBeGreaterThan(0.01);
  });

  it('builds no map of all tokens by all tokens', () => {
    const graph = new TextDecoder('latin1').decode(
      callGraph(site, compileAttention(reweighting, sizesOf([site]))).bytes,
    );
    expect(graph).toContain('MultiHeadAttention');
    expect(graph).not.toContain('Softmax');
    expect(graph).not.toContain('MatMul');
  });
});
