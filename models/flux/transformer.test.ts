import { describe, expect, it } from 'vitest';
import { compileAttention } from '../../engine/attention/compile.ts';
import { type AttentionOp, flatten } from '../../engine/attention/ops.ts';
import { primitives } from '../../engine/attention/registry.ts';
import { type AttentionSite, plainAttention, tokenCount } from '../../engine/attention/site.ts';
import { sizesOf } from '../../engine/attention/sizes.ts';
import { floatTensor, type Tensor } from '../../engine/base/tensor.ts';
import { openComponent } from '../../engine/checkpoint/folder.ts';
import type { Denoiser } from '../../engine/family.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { numbers, randomOps, randomValue } from '../../test/attention-random.ts';
import { referenceAttention } from '../../test/attention-reference.ts';
import type { Shapes } from '../../test/checkpoint-files.ts';
import { fixture, noFixtures } from '../../test/fixtures.ts';
import { referenceFlux } from '../../test/flux-reference.ts';
import type { Numbers } from '../../test/numbers.ts';
import { runNetwork } from '../../test/parity/networks.ts';
import { numbersOf, runGraph, wavy } from '../../test/run-network.ts';
import { type TinyNetwork, tinyFlux, writeNetwork } from '../../test/tiny-networks.ts';
import { fluxTransformer as flux } from './transformer.ts';

const open = (network: TinyNetwork = tinyFlux()) => flux.open(openComponent(writeNetwork(network)));
const sizes = { batch: 2, frames: 1, height: 4, width: 6, textTokens: 3 };
const feeds = {
  latent: wavy([2, 4, 4, 6]),
  // Small ones: in float32 the sinusoids of large ones are further from those in float64 than what is tested.
  timestep: floatTensor(new Float32Array([3, 40]), [2]),
  text: wavy([2, 3, 12], 1),
  pooled: wavy([2, 10], 2),
  guidance: floatTensor(new Float32Array([0.01, 0.05]), [2]),
};
const { guidance: _none, ...unguided } = feeds;

describe.skipIf(noFixtures)('FLUX.1 against the reference (skipped without ../shared/fixtures)', () => {
  it.each(['flux-dev', 'flux-schnell'])('%s: intermediates, attention operands, output', async (name) => {
    const results = await runNetwork(fixture(name), { runtime: createOnnxRuntime() });
    expect(results).toEqual([expect.objectContaining({ status: 'PASS' })]);
  });
});

describe('FLUX.1', () => {
  it.each([
    ['dev', true, feeds],
    ['schnell', false, unguided],
  ] as const)('%s: computes the spelled-out network, each row of a batch as if alone', async (_, guided, inputs) => {
    const network = tinyFlux({ guided });
    const component = openComponent(writeNetwork(network));
    const denoiser = flux.open(component);
    const { velocity } = await runGraph((g) => ({ velocity: denoiser.build(g, sizes, plainAttention) }), inputs);
    const shape = { heads: 2, axes: [2, 4, 6], layers: 2, singleLayers: 2 } as const;
    for (const row of [0, 1]) {
      const expected = referenceFlux(component.weights, shape, {
        latent: rowOf(inputs.latent, row),
        text: rowOf(inputs.text, row),
        pooled: rowOf(inputs.pooled, row).data,
        timestep: numberAt(inputs.timestep, row),
        ...('guidance' in inputs ? { guidance: numberAt(inputs.guidance, row) } : {}),
      });
      const actual = rowOf(velocity, row);
      expect(actual.shape).toEqual(expected.shape);
      expect(worst(actual.data, expected.data)).toBeLessThan(0.2);
    }
  });

  it('attends at exactly the sites it lists, in that order, text first in both kinds of blocks', () => {
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
    expect(denoiser.layers).toBe(4);
    const tokens = {
      text: { start: 0, length: 3 },
      image: { start: 3, length: 6, frames: 1, height: 2, width: 3 },
    };
    expect(attended.map((site) => [site.id, site.layer, site.kind, site.tokens])).toEqual([
      ['transformer_blocks.0.attn', 0, 'joint', tokens],
      ['transformer_blocks.1.attn', 1, 'joint', tokens],
      ['single_transformer_blocks.0.attn', 2, 'joint', tokens],
      ['single_transformer_blocks.1.attn', 3, 'joint', tokens],
    ]);
  });

  it('lets every primitive act at each of its sites as the spelled-out attention says', async () => {
    const denoiser = open();
    const sites = denoiser.sites(sizes);
    const operands = (['q', 'k', 'v', 'out'] as const).map(
      (what): AttentionOp => ({ op: 'capture', id: what, what, rows: 'all', layers: 'all' }),
    );
    const drawn = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const random = numbers(seed);
      const [site] = sites;
      if (site === undefined) throw new Error('the network attends');
      const ops = randomOps(random, site, 1, 'o');
      for (const { op } of flatten(ops)) drawn.add(op);
      const attention = compileAttention([...ops, ...operands], sizesOf(sites));
      const hooks = attention.feeds(
        Object.fromEntries(attention.inputs.map((input) => [input.name, randomValue(random, input, site, ops)])),
      );
      const outputs = await runGraph(
        (g) => {
          const velocity = denoiser.build(g, sizes, attention);
          attention.finish(g);
          return { velocity };
        },
        { ...feeds, ...hooks },
      );
      const read = (what: string, { id }: AttentionSite) => Float32Array.from(numbersOf(outputs[`${what}.${id}`]));
      for (const at of sites) {
        const own = { q: read('q', at), k: read('k', at), v: read('v', at) };
        const tell = `seed ${seed}, ${at.id}: ${JSON.stringify(ops)}`;
        expect(worst(read('out', at), referenceAttention(at, ops, hooks, own).out), tell).toBeLessThan(1);
      }
    }
    expect(drawn).toEqual(new Set(Object.keys(primitives)));
  });

  it('is told its guidance scale where it has an embedder for it, and only there', async () => {
    const denoiser = open();
    const run = (scale: number) =>
      runGraph((g) => ({ velocity: denoiser.build(g, sizes, plainAttention) }), {
        ...feeds,
        guidance: floatTensor(new Float32Array([scale, scale]), [2]),
      });
    const [weak, strong] = [numbersOf((await run(1)).velocity), numbersOf((await run(4)).velocity)];
    expect(Math.max(...weak.map((value, i) => Math.abs(value - (strong[i] ?? Number.NaN))))).toBeGreaterThan(1e-3);
    expect(await inputsOf(denoiser)).toContain('guidance');
    expect(await inputsOf(open(tinyFlux({ guided: false })))).not.toContain('guidance');
  });

  it('takes pictures of any size that divides into tokens', () => {
    const denoiser = open();
    const build = (change: Partial<typeof sizes>) => () =>
      denoiser.build(new GraphBuilder(), { ...sizes, ...change }, plainAttention);
    expect(denoiser.maxLatentSide).toBe(Number.POSITIVE_INFINITY);
    expect(build({ height: 40, width: 2 })).not.toThrow();
    for (const field of ['height', 'width'] as const)
      expect(build({ [field]: 7 })).toThrow(expect.objectContaining({ kind: 'request-invalid', where: { field } }));
  });

  it.each([
    ['patch_size', 2, 'checkpoint-unsupported'],
    ['in_channels', 24, 'checkpoint-unsupported', 'out_channels', 16],
    ['in_channels', 18, 'checkpoint-malformed'],
    ['axes_dims_rope', [2, 4, 8], 'checkpoint-malformed'],
    ['axes_dims_rope', [1, 5, 6], 'checkpoint-malformed'],
    ['axes_dims_rope', [6, 6], 'checkpoint-malformed'],
    ['guidance_embeds', false, 'checkpoint-malformed'],
    ['num_single_layers', 1, 'checkpoint-malformed'],
    ['num_attention_heads', 'two', 'checkpoint-malformed'],
  ])('names the field %s of %j as %s', (field, value, kind, named = field, out = undefined) => {
    const network = tinyFlux();
    const changed = { ...network, config: { ...network.config, out_channels: out ?? null, [field]: value } };
    expect(() => open(changed)).toThrow(
      expect.objectContaining({ kind, where: expect.objectContaining({ field: named }) }),
    );
  });

  it('claims no other network with such blocks', () => {
    const without = (prefix: string, further: Shapes = {}): TinyNetwork => {
      const { config, shapes } = tinyFlux();
      const kept = Object.entries(shapes).filter(([name]) => !name.startsWith(prefix));
      return { config, shapes: { ...Object.fromEntries(kept), ...further } };
    };
    for (const [title, network] of Object.entries({
      Chroma: without('time_text_embed.', { 'distilled_guidance_layer.in_proj.weight': [24, 64] }),
      'a ControlNet': without('norm_out.', { 'controlnet_blocks.0.weight': [24, 24] }),
      HunyuanVideo: without('x_embedder.', { 'x_embedder.proj.weight': [24, 16, 1, 2, 2] }),
      'FLUX.2': without('single_transformer_blocks.', {
        'single_transformer_blocks.0.attn.to_qkv_mlp_proj.weight': [216, 24],
      }),
    }))
      expect(flux.detect(openComponent(writeNetwork(network))), title).toBe(false);
  });
});

async function inputsOf(denoiser: Denoiser): Promise<readonly string[]> {
  const g = new GraphBuilder();
  g.output('velocity', denoiser.build(g, sizes, plainAttention));
  const session = await createOnnxRuntime().createSession(g.build(), { weights: 'mapped' });
  const { inputNames } = session;
  await session.release();
  return inputNames;
}

/** One entry of the leading axis, without that axis. */
function rowOf(tensor: Tensor | undefined, row: number): Numbers {
  const [rows = 1, ...shape] = tensor?.dims ?? [];
  const values = numbersOf(tensor);
  const size = values.length / rows;
  return { shape, data: values.slice(row * size, (row + 1) * size) };
}

function numberAt(tensor: Tensor, row: number): number {
  return numbersOf(tensor)[row] ?? Number.NaN;
}

/** Worst error as a share of 1e-4 + 1e-4 |reference|. */
function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let share = 0;
  for (let i = 0; i < expected.length; i++) {
    const reference = expected[i] ?? Number.NaN;
    const error = Math.abs((actual[i] ?? Number.NaN) - reference) / (1e-4 + 1e-4 * Math.abs(reference));
    share = Math.max(share, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return share;
}
