import { join } from 'node:path';
import type { Autoencoder, Denoiser, DenoiserSizes, Probe, TextEncoder } from '../../engine/index.ts';
import {
  type AttentionProcessor,
  type FloatTensor,
  floatTensor,
  openComponent,
  plainAttention,
  type Tensor,
  type Value,
} from '../../engine/index.ts';
import { autoencoders, pipelines, textEncoders } from '../../models/registry.ts';
import { Comparison, storedTolerance } from './compare.ts';
import { fluxFeeds } from './flux.ts';
import { field, isRecord, record, text } from './manifest.ts';
import {
  type CaseGraph,
  type CaseInput,
  type CaseRun,
  type DenoiserFeeds,
  floats,
  integers,
  runGraphs,
} from './probed.ts';
import { readFixtureTensors, take } from './safetensors.ts';
import type { FixtureRunner } from './types.ts';
import { codeVideos } from './videocoder.ts';

/** Folders of one network of a family that `models/` has: every intermediate, the attention's operands and probabilities, the output. */
export const runNetwork: FixtureRunner = async ({ directory, path, manifest }, { runtime }) => {
  const component = openComponent(join(directory, text(manifest, 'checkpoint')));
  const run = runOf(component);
  if (run === undefined)
    return [{ path, status: 'SKIP', detail: `no family for ${field(manifest, 'class') ?? 'this network'} yet` }];
  const inputs = await readFixtureTensors(join(directory, 'inputs.safetensors'));
  const outputs = await readFixtureTensors(join(directory, 'outputs.safetensors'));
  const attention = field(manifest, 'attention');
  if (isRecord(attention))
    for (const [name, array] of await readFixtureTensors(join(directory, text(attention, 'file'))))
      outputs.set(name, array);
  const entries = { ...record(manifest, 'outputs'), ...(isRecord(attention) ? record(attention, 'tensors') : {}) };

  const comparison = new Comparison(path);
  for (const name of Object.keys(record(manifest, 'cases'))) {
    const results = await run((input) => inputs.get(`${name}.${input}`), runtime);
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

function runOf(component: ReturnType<typeof openComponent>): CaseRun | undefined {
  const denoiser = openDenoiser(component);
  if (denoiser !== undefined) return runGraphs(denoiserGraphs(denoiser));
  const encoder = textEncoders.find((family) => family.detect(component));
  if (encoder !== undefined) return runGraphs(textGraphs(encoder.open(component)));
  const autoencoder = autoencoders.find((family) => family.detect(component))?.open(component);
  if (autoencoder === undefined) return undefined;
  return autoencoder.independentFrames ? runGraphs(autoencoderGraphs(autoencoder)) : codeVideos(autoencoder);
}

/** The denoiser of a component; undefined where `models/` has no family for it. */
export function openDenoiser(component: ReturnType<typeof openComponent>): Denoiser | undefined {
  return pipelines.find(({ denoiser }) => denoiser.detect(component))?.denoiser.open(component);
}

function denoiserGraphs(denoiser: Denoiser) {
  return (input: CaseInput): readonly CaseGraph[] => {
    const feeds = denoiserFeeds(input);
    return [{ feeds, build: (g, probe) => denoiser.build(g, denoiserSizes(feeds), probing(probe), probe) }];
  };
}

/** The inputs of a denoiser under the fixtures' names; packed latents come with the places of their tokens. */
export function denoiserFeeds(input: CaseInput): DenoiserFeeds {
  if (input('img_ids') !== undefined) return fluxFeeds(input);
  const pooled = input('pooled_projections');
  return {
    latent: floats(input('hidden_states')),
    timestep: floats(input('timestep')),
    text: floats(input('encoder_hidden_states')),
    ...(pooled === undefined ? {} : { pooled: floats(pooled) }),
  };
}

/** What a denoiser is built for, by its inputs: the latent is [B, C, h, w], of videos [B, F, C, h, w]. */
export function denoiserSizes({ latent, text: prompt }: DenoiserFeeds): DenoiserSizes {
  const [batch = 0, ...rest] = latent.dims;
  const [frames = 0, , height = 0, width = 0] = rest.length === 3 ? [1, ...rest] : rest;
  return { batch, frames, height, width, textTokens: prompt.dims[1] ?? 0 };
}

function textGraphs(encoder: TextEncoder) {
  return (input: CaseInput): readonly CaseGraph[] => {
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

function autoencoderGraphs(autoencoder: Autoencoder) {
  return (input: CaseInput): readonly CaseGraph[] => {
    const [frames, latent] = [asClip(floats(input('x'))), asClip(floats(input('z')))];
    const sizes = ({ dims: [batch = 0, , count = 0, height = 0, width = 0] }: Tensor) => ({
      ...{ batch, frames: count, height, width },
      follows: false,
    });
    return [
      { feeds: { frames }, build: (g, probe) => autoencoder.buildEncoder(g, sizes(frames), probe) },
      { feeds: { latent }, build: (g, probe) => autoencoder.buildDecoder(g, sizes(latent), probe) },
    ];
  };
}

/** [B, C, h, w] as one frame, [B, C, 1, h, w]. */
function asClip({ data, dims: [batch = 0, channels = 0, ...plane] }: FloatTensor): FloatTensor {
  return floatTensor(data, [batch, channels, 1, ...plane]);
}

/** The plain attention, with its operands [B, heads, T, d] and the probabilities they make shown under the names of the fixtures. */
function probing(probe: Probe): AttentionProcessor {
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
  if (logVariance?.dtype === 'float32')
    results.set(
      'std',
      floatTensor(
        logVariance.data.map((value) => Math.exp(value / 2)),
        logVariance.dims,
      ),
    );
  if (mean?.dtype !== 'float32') return;
  results.set(
    'scaled',
    floatTensor(
      mean.data.map((value) => (value - shift) * scaling),
      mean.dims,
    ),
  );
}
