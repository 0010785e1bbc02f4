import { describe, expect, it } from 'vitest';
import { type AttentionSite, plainAttention, tokenCount } from '../../engine/attention/site.ts';
import { floatTensor, type Tensor } from '../../engine/base/tensor.ts';
import { openComponent } from '../../engine/checkpoint/folder.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { fixture, noFixtures } from '../../test/fixtures.ts';
import { runNetwork } from '../../test/parity/networks.ts';
import { numbersOf, runGraph, wavy } from '../../test/run-network.ts';
import { tinySd3, writeNetwork } from '../../test/tiny-networks.ts';
import { sd3Transformer as sd3 } from './transformer.ts';

const open = (network = tinySd3()) => sd3.open(openComponent(writeNetwork(network)));
const sizes = { batch: 2, frames: 1, height: 6, width: 8, textTokens: 3 };

describe.skipIf(noFixtures)('SD3 against the reference (skipped without ../shared/fixtures)', () => {
  it.each(['sd3', 'sd3-bf16', 'sd3-fp16', 'sd35'])('%s: intermediates, attention operands, output', async (name) => {
    const results = await runNetwork(fixture(name), { runtime: createOnnxRuntime() });
    expect(results).toEqual([expect.objectContaining({ status: 'PASS' })]);
  });
});

describe('SD3', () => {
  it('attends at exactly the sites it lists, in that order, with operands of their sizes', () => {
    const denoiser = open();
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
    const image = { start: 0, length: 12, frames: 1, height: 3, width: 4 };
    expect(attended.map(({ id, kind, tokens }) => [id, kind, tokens])).toEqual([
      ['transformer_blocks.0.attn', 'joint', { text: { start: 12, length: 3 }, image }],
      ['transformer_blocks.0.attn2', 'image', { text: { start: 12, length: 0 }, image }],
      ['transformer_blocks.1.attn', 'joint', { text: { start: 12, length: 3 }, image }],
    ]);
  });

  it('computes each row of a batch as if it were alone', async () => {
    const denoiser = open();
    const feeds = {
      latent: wavy([2, 4, 6, 8]),
      timestep: floatTensor(new Float32Array([3, 700]), [2]),
      text: wavy([2, 3, 12], 1),
      pooled: wavy([2, 10], 2),
    };
    const run = (batch: number, inputs: Record<string, Tensor>) =>
      runGraph((g) => ({ velocity: denoiser.build(g, { ...sizes, batch }, plainAttention) }), inputs);
    const both = numbersOf((await run(2, feeds)).velocity);
    const half = both.length / 2;
    for (const row of [0, 1]) {
      const alone = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, rowOf(tensor, row)]));
      const single = numbersOf((await run(1, alone)).velocity);
      const spread = Math.max(...single.map((value, i) => Math.abs(value - (both[row * half + i] ?? Number.NaN))));
      expect(spread).toBeLessThan(1e-5);
    }
  });

  it('refuses pictures that do not divide into patches or outgrow the position table', () => {
    const denoiser = open();
    const build = (change: Partial<typeof sizes>) => () =>
      denoiser.build(new GraphBuilder(), { ...sizes, ...change }, plainAttention);
    expect(denoiser.maxLatentSide).toBe(12);
    expect(build({ height: 12, width: 12 })).not.toThrow();
    expect(build({ height: 7 })).toThrow(
      expect.objectContaining({ kind: 'request-invalid', where: { field: 'height' } }),
    );
    expect(build({ width: 14 })).toThrow(
      expect.objectContaining({ kind: 'request-invalid', where: { field: 'width' } }),
    );
  });

  it.each([
    ['qk_norm', 'layer_norm', 'checkpoint-unsupported'],
    ['out_channels', 8, 'checkpoint-unsupported'],
    ['caption_projection_dim', 24, 'checkpoint-malformed'],
    ['dual_attention_layers', [5], 'checkpoint-malformed'],
    ['num_attention_heads', 'two', 'checkpoint-malformed'],
  ])('names the field %s of %j as %s', (field, value, kind) => {
    const network = tinySd3();
    const changed = { ...network, config: { ...network.config, [field]: value } };
    expect(() => open(changed)).toThrow(expect.objectContaining({ kind, where: expect.objectContaining({ field }) }));
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
