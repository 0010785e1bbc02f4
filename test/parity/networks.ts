import { join } from 'node:path';
import type { Autoencoder, Denoiser, DenoiserSizes, Probe, TensorRuntime, TextEncoder } from '../../engine/index.ts';
import {
  type AttentionSeam,
  floatTensor,
  GraphBuilder,
  indexTensor,
  openComponent,
  plainAttention,
  type Tensor,
  type Value,
} from '../../engine/index.ts';
import { autoencoders, denoisers, textEncoders } from '../../models/registry.ts';
import { Comparison, storedTolerance } from './compare.ts';
import { field, isRecord, record, text } from './manifest.ts';
import { readFixtureTensors, take } from './safetensors.ts';
import type { FixtureArray, FixtureRunner } from './types.ts';

/** One graph of a case and what it is fed with. */
interface CaseGraph {
  readonly feeds: Readonly<Record<string, Tensor>>;
  build(g: GraphBuilder, probe: Probe): void;
}

/** The graphs of one case; `input` gives the fixture's input of a name, `undefined` where the case has none. */
type CaseGraphs = (sizes: unknown, input: (name: string) => FixtureArray | undefined) => readonly CaseGraph[];

/** Folders of one network of a family that `models/` has: every intermediate, the attention's operands and probabilities, the output. */
export const runNetwork: FixtureRunner = async ({ directory, path, manifest }, { runtime }) => {
  const component = openComponent(join(directory, text(manifest, 'checkpoint')));
  const graphs = graphsOf(component);
  if (graphs === undefined)
    return [{ path, status: 'SKIP', detail: `no family for ${field(manifest, 'class') ?? 'this network'} yet` }];
  const inputs = await readFixtureTensors(join(directory, 'inputs.safetensors'));
  const outputs = await readFixtureTensors(join(directory, 'outputs.safetensors'));
  const attention = field(manifest, 'attention');
  if (isRecord(attention))
    for (const [name, array] of await readFixtureTensors(join(directory, text(attention, 'file'))))
      outputs.set(name, array);
  const entries = { ...record(manifest, 'outputs'), ...(isRecord(attention) ? record(attention, 'tensors') : {}) };

  const comparison = new Comparison(path);
  for (const [name, sizes] of Object.entries(record(manifest, 'cases'))) {
    const results = new Map<string, Tensor>();
    for (const graph of graphs(sizes, (input) => inputs.get(`${name}.${input}`)))
      for (const [probe, value] of Object.entries(await runProbed(graph, runtime))) results.set(probe, value);
    derive(results, component.config.optionalNumber('scaling_factor'), component.config.optionalNumber('shift_factor'));
    for (const [tensor, entry] of Object.entries(entries)) {
      if (!tensor.startsWith(`${name}.`)) continue;
      const actual = results.get(tensor.slice(name.length + 1));
      if (actual?.dtype !== 'float32') comparison.fail(`${tensor} is not computed`);
      else comparison.checkTensor(tensor, actual, take(outputs, tensor), storedTolerance(entry));
    }
  }
  return [comparison.result(`${comparison.compared} tensors`)];
};

/** Runs a graph whose every probed value is an output. */
async function runProbed({ feeds, build }: CaseGraph, runtime: TensorRuntime): Promise<Record<string, Tensor>> {
  const g = new GraphBuilder();
  build(g, (name, value) => g.output(name, value));
  const session = await runtime.createSession(g.build(), { weights: 'mapped' });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

function graphsOf(component: ReturnType<typeof openComponent>): CaseGraphs | undefined {
  const denoiser = denoisers.find((family) => family.detect(component));
  if (denoiser !== undefined) return denoiserGraphs(denoiser.open(component));
  const encoder = textEncoders.find((family) => family.detect(component));
  if (encoder !== undefined) return textGraphs(encoder.open(component));
  const autoencoder = autoencoders.find((family) => family.detect(component));
  return autoencoder === undefined ? undefined : autoencoderGraphs(autoencoder.open(component));
}

function denoiserGraphs(denoiser: Denoiser): CaseGraphs {
  return (_, input) => {
    const feeds = denoiserFeeds(denoiser, input);
    return [{ feeds, build: (g, probe) => denoiser.build(g, denoiserSizes(denoiser, feeds), probing(probe), probe) }];
  };
}

/** The inputs of a denoiser under the fixtures' names. */
export function denoiserFeeds(denoiser: Denoiser, input: (name: string) => FixtureArray | undefined) {
  return {
    latent: floats(input('hidden_states')),
    timestep: floats(input('timestep')),
    text: floats(input('encoder_hidden_states')),
    ...(denoiser.pooledWidth === 0 ? {} : { pooled: floats(input('pooled_projections')) }),
  };
}

/** What a denoiser is built for, by its inputs: the latent is [B, C, h, w], of videos [B, F, C, h, w]. */
export function denoiserSizes(
  { video }: Denoiser,
  { latent, text: prompt }: { readonly latent: Tensor; readonly text: Tensor },
): DenoiserSizes {
  const [batch = 0, ...rest] = latent.dims;
  const [height = 0, width = 0] = rest.slice(-2);
  const sizes = { batch, height, width, textTokens: prompt.dims[1] ?? 0 };
  return video === undefined ? sizes : { ...sizes, frames: rest[0] ?? 0 };
}

function textGraphs(encoder: TextEncoder): CaseGraphs {
  return (_, input) => {
    const ids = input('input_ids');
    const mask = input('attention_mask');
    const [batch = 0, tokens = 0] = ids?.shape ?? [];
    return [
      {
        feeds: { ids: integers(ids), ...(mask === undefined ? {} : { mask: integers(mask) }) },
        build: (g, probe) => encoder.build(g, { batch, tokens, masked: mask !== undefined }, probe),
      },
    ];
  };
}

function autoencoderGraphs(autoencoder: Autoencoder): CaseGraphs {
  return (_, input) => {
    const [image, latent] = [floats(input('x')), floats(input('z'))];
    const sizes = ({ dims: [batch = 0, , height = 0, width = 0] }: Tensor) => ({ batch, height, width });
    return [
      { feeds: { image }, build: (g, probe) => autoencoder.buildEncoder(g, sizes(image), probe) },
      { feeds: { latent }, build: (g, probe) => autoencoder.buildDecoder(g, sizes(latent), probe) },
    ];
  };
}

/** The plain attention, with its operands [B, heads, T, d] and the probabilities they make shown under the names of the fixtures. */
function probing(probe: Probe): AttentionSeam {
  return {
    attend: (g, site, operands) => {
      const heads = (x: Value) => g.transpose(g.reshape(x, [site.batch, -1, site.heads, site.headDim]), [0, 2, 1, 3]);
      const [q, k, v] = [heads(operands.q), heads(operands.k), heads(operands.v)];
      const logits = g.mul(g.matmul(q, g.transpose(k, [0, 1, 3, 2])), g.scalar(1 / Math.sqrt(site.headDim)));
      for (const [name, value] of Object.entries({ q, k, v, probs: g.softmax(logits, 3) }))
        probe(`${site.id}.${name}`, value);
      return plainAttention.attend(g, site, operands);
    },
  };
}

/** What the fixtures hold besides and the pipeline, not the graph, computes: an encoder's deviation and the scaled latent. */
function derive(results: Map<string, Tensor>, scaling = 1, shift = 0): void {
  const [mean, logVariance] = [results.get('mean'), results.get('logvar')];
  if (mean?.dtype !== 'float32' || logVariance?.dtype !== 'float32') return;
  results.set(
    'std',
    floatTensor(
      logVariance.data.map((value) => Math.exp(value / 2)),
      logVariance.dims,
    ),
  );
  results.set(
    'scaled',
    floatTensor(
      mean.data.map((value) => (value - shift) * scaling),
      mean.dims,
    ),
  );
}

function floats(array: FixtureArray | undefined): Tensor {
  if (array === undefined) throw new Error('the fixture lacks an input of this kind of network');
  return floatTensor(Float32Array.from(array.data), array.shape);
}

function integers(array: FixtureArray | undefined): Tensor {
  if (array === undefined) throw new Error('the fixture lacks an input of this kind of network');
  return indexTensor(array.data, array.shape);
}
