import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AttentionSite, plainAttention, tokenCount } from '../../engine/attention/site.ts';
import { floatTensor, type Tensor } from '../../engine/base/tensor.ts';
import { openComponent } from '../../engine/checkpoint/folder.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { fixture, noFixtures } from '../../test/fixtures.ts';
import { runNetwork } from '../../test/parity/networks.ts';
import { readFixtureTensors, take } from '../../test/parity/safetensors.ts';
import { numbersOf, runGraph, wavy } from '../../test/run-network.ts';
import { tinyCogVideoX, writeNetwork } from '../../test/tiny-networks.ts';
import { rotaryPositions } from './positions.ts';
import { cogVideoXTransformer as cogVideoX } from './transformer.ts';

const open = (network = tinyCogVideoX()) => cogVideoX.open(openComponent(writeNetwork(network)));
const sizes = { batch: 2, frames: 2, height: 4, width: 6, textTokens: 3 };

describe.skipIf(noFixtures)('CogVideoX against the reference (skipped without ../shared/fixtures)', () => {
  it.each(['cogvideox-2b', 'cogvideox-5b', 'cogvideox-1.5'])(
    '%s: intermediates, attention operands, output',
    async (name) => {
      const results = await runNetwork(fixture(name), { runtime: createOnnxRuntime() });
      expect(results).toEqual([expect.objectContaining({ status: 'PASS' })]);
    },
  );

  it.each([
    ['cogvideox-5b', 'a', { frames: 3, height: 4, width: 6 }, 'resize-crop'],
    ['cogvideox-5b', 'b', { frames: 2, height: 5, width: 3 }, 'resize-crop'],
    ['cogvideox-1.5', 'a', { frames: 2, height: 6, width: 8 }, 'plain'],
  ] as const)('%s %s: the rotary table is the pipeline’s', async (name, testCase, grid, form) => {
    const inputs = await readFixtureTensors(join(fixture(name).directory, 'inputs.safetensors'));
    const base = form === 'plain' ? { height: 6, width: 8 } : { height: 4, width: 6 };
    const table = rotaryPositions(grid, base, form, 16);
    for (const part of ['cos', 'sin'] as const) {
      // The reference has every pair twice.
      const pairs = take(inputs, `${testCase}.image_rotary_${part}`).data.filter((_, i) => i % 2 === 0);
      expect(table[part].length).toBe(pairs.length);
      expect(Math.max(...table[part].map((value, i) => Math.abs(value - (pairs[i] ?? Number.NaN))))).toBeLessThan(5e-7);
    }
  });
});

describe('CogVideoX', () => {
  it.each(['sincos', 'spanning'] as const)('%s: attends at exactly the sites it lists, in that order', (form) => {
    const denoiser = open(tinyCogVideoX(form));
    const attended: AttentionSite[] = [];
    denoiser.build(new GraphBuilder(), sizes, {
      attend: (g, site, operands) => {
        attended.push(site);
        for (const { shape } of Object.values(operands))
          expect(shape).toEqual([site.batch, tokenCount(site), site.heads * site.headDim]);
        return plainAttention.attend(g, site, operands);
      },
    });
    expect(attended).toEqual(denoiser.sites(sizes));
    const frames = form === 'sincos' ? 2 : 1;
    const image = { start: 3, length: 6 * frames, frames, height: 2, width: 3 };
    expect(attended.map(({ id, kind, tokens }) => [id, kind, tokens])).toEqual(
      [0, 1].map((layer) => [`transformer_blocks.${layer}.attn1`, 'joint', { text: { start: 0, length: 3 }, image }]),
    );
  });

  it.each(['sincos', 'rotary', 'spanning'] as const)('%s: computes each row of a batch as if alone', async (form) => {
    const denoiser = open(tinyCogVideoX(form));
    const feeds = {
      latent: wavy([2, 2, 4, 4, 6]),
      timestep: floatTensor(new Float32Array([3, 700]), [2]),
      text: wavy([2, 3, 12], 1),
    };
    const run = (batch: number, inputs: Record<string, Tensor>) =>
      runGraph((g) => ({ sample: denoiser.build(g, { ...sizes, batch }, plainAttention) }), inputs);
    const both = await run(2, feeds);
    expect(both.sample?.dims).toEqual([2, 2, 4, 4, 6]);
    const numbers = numbersOf(both.sample);
    const half = numbers.length / 2;
    for (const row of [0, 1]) {
      const alone = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, rowOf(tensor, row)]));
      const single = numbersOf((await run(1, alone)).sample);
      const spread = Math.max(...single.map((value, i) => Math.abs(value - (numbers[row * half + i] ?? Number.NaN))));
      expect(spread).toBeLessThan(1e-5);
    }
  });

  it.each([
    ['sincos', 'height', { height: 7 }],
    ['sincos', 'prompt', { textTokens: 4 }],
    ['spanning', 'frames', { frames: 3 }],
    ['spanning', 'width', { width: 8 }],
  ] as const)('%s: refuses a %s that it has no tokens or positions for', (form, field, change) => {
    const denoiser = open(tinyCogVideoX(form));
    expect(() => denoiser.build(new GraphBuilder(), { ...sizes, ...change }, plainAttention)).toThrow(
      expect.objectContaining({ kind: 'request-invalid', where: { field } }),
    );
  });

  it('takes other sizes where positions can be computed', () => {
    for (const form of ['sincos', 'rotary'] as const) {
      const denoiser = open(tinyCogVideoX(form));
      expect(denoiser.maxLatentSide).toBe(Number.POSITIVE_INFINITY);
      const larger = { ...sizes, frames: 5, height: 12, width: 4 };
      expect(() => denoiser.build(new GraphBuilder(), larger, plainAttention)).not.toThrow();
    }
    expect(open(tinyCogVideoX('spanning')).maxLatentSide).toBe(6);
  });

  it.each([
    ['activation_fn', 'gelu', 'checkpoint-unsupported'],
    ['in_channels', 8, 'checkpoint-unsupported', 'out_channels'],
    ['use_learned_positional_embeddings', true, 'checkpoint-unsupported'],
    ['ofs_embed_dim', 512, 'checkpoint-unsupported'],
    ['freq_shift', 1, 'checkpoint-unsupported'],
    ['attention_head_dim', 12, 'checkpoint-malformed'],
    ['max_text_seq_length', 'many', 'checkpoint-malformed'],
  ])('names the field %s of %j as %s', (field, value, kind, named = field) => {
    const network = tinyCogVideoX();
    const changed = { ...network, config: { ...network.config, [field]: value } };
    expect(() => open(changed)).toThrow(
      expect.objectContaining({ kind, where: expect.objectContaining({ field: named }) }),
    );
  });
});

/** One entry of the leading axis. */
function rowOf(tensor: Tensor, row: number): Tensor {
  const size = tensor.data.length / (tensor.dims[0] ?? 1);
  return floatTensor(Float32Array.from(numbersOf(tensor).slice(row * size, (row + 1) * size)), [
    1,
    ...tensor.dims.slice(1),
  ]);
}
