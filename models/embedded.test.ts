import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainAttention } from '../engine/attention/site.ts';
import { floatTensor, indexTensor, type Tensor } from '../engine/base/tensor.ts';
import { missingParts, openModelFolder } from '../engine/checkpoint/folder.ts';
import { familyOf } from '../engine/pipeline/model.ts';
import { numbersOf, runGraph, wavy } from '../test/run-network.ts';
import { autoencoders, denoisers, textEncoders } from './registry.ts';

const FOLDER = join(import.meta.dirname, 'embedded', 'image');
const SIDE = 128;

/** The checkpoint that ships with Attune, network by network; what it paints is the concern of the tests of the pipeline. */
describe('the embedded image model', () => {
  const model = openModelFolder(FOLDER);
  const [transformer, vae, text] = [model.open('transformer'), model.open('vae'), model.open('text_encoder')];

  it('is complete, and each component is of its family', () => {
    expect(missingParts(model)).toEqual([]);
    expect(familyOf(transformer, denoisers).id).toBe('sd3');
    expect(familyOf(vae, autoencoders).id).toBe('autoencoder-kl');
    expect(familyOf(text, textEncoders).id).toBe('clip-text');
  });

  it('fits together: one text encoder feeds the transformer, whose latent the autoencoder decodes', () => {
    const denoiser = familyOf(transformer, denoisers).open(transformer);
    const encoder = familyOf(text, textEncoders).open(text);
    const autoencoder = familyOf(vae, autoencoders).open(vae);
    expect(denoiser.textWidth).toBe(encoder.width);
    expect(denoiser.pooledWidth).toBe(encoder.pooledWidth);
    expect(denoiser.latentChannels).toBe(autoencoder.latentChannels);
    expect(denoiser.maxLatentSide * autoencoder.downscale).toBe(SIDE);
  });

  it('takes a step: a prompt and noise give a finite velocity that depends on the prompt', async () => {
    const denoiser = familyOf(transformer, denoisers).open(transformer);
    const encoder = familyOf(text, textEncoders).open(text);
    const tokens = encoder.maxTokens;
    const [begin, end] = ['bos_token_id', 'eos_token_id'].map((field) => text.config.integer(field));
    const prompts = [
      [begin ?? 0, 5, 9, end ?? 0],
      [begin ?? 0, 20, 31, end ?? 0],
    ].map((ids) => [...ids, ...new Array<number>(tokens - ids.length).fill(0)]);
    const states = await runGraph(
      (g) => {
        const { hiddenStates, last, pooled } = encoder.build(g, { batch: 2, tokens });
        return { text: hiddenStates.at(-2) ?? last, pooled: pooled ?? last };
      },
      { ids: indexTensor(prompts.flat(), [2, tokens]) },
    );
    const sizes = { batch: 2, height: 16, width: 16, textTokens: tokens };
    const noise = numbersOf(wavy([1, denoiser.latentChannels, 16, 16]));
    const { velocity } = await runGraph((g) => ({ velocity: denoiser.build(g, sizes, plainAttention) }), {
      latent: floatTensor(Float32Array.from([...noise, ...noise]), [2, denoiser.latentChannels, 16, 16]),
      timestep: floatTensor(new Float32Array([500, 500]), [2]),
      text: required(states.text),
      pooled: required(states.pooled),
    });
    const values = numbersOf(velocity);
    expect(values.every(Number.isFinite)).toBe(true);
    const half = values.length / 2;
    expect(values.slice(0, half)).not.toEqual(values.slice(half));
  });

  it('brings a picture back through the autoencoder', async () => {
    const autoencoder = familyOf(vae, autoencoders).open(vae);
    const image = discOnGradient();
    const { mean } = await runGraph(
      (g) => ({ mean: autoencoder.buildEncoder(g, { batch: 1, height: SIDE, width: SIDE }).mean }),
      {
        image,
      },
    );
    const { picture } = await runGraph(
      (g) => ({ picture: autoencoder.buildDecoder(g, { batch: 1, height: 16, width: 16 }) }),
      {
        latent: required(mean),
      },
    );
    const [before, after] = [numbersOf(image), numbersOf(picture)];
    const meanSquare =
      before.reduce((sum, value, i) => sum + (value - (after[i] ?? Number.NaN)) ** 2, 0) / before.length;
    // -1..1 is two units wide.
    const psnr = 10 * Math.log10(4 / meanSquare);
    expect(psnr).toBeGreaterThan(20);
  });
});

/** A red disc on a sky-like gradient, [1, 3, SIDE, SIDE] in -1..1. */
function discOnGradient(): Tensor {
  const plane = SIDE * SIDE;
  const data = new Float32Array(3 * plane);
  for (let at = 0; at < plane; at += 1) {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    const inDisc = Math.hypot(x - 56, y - 72) < 20;
    const sky = [-0.2 + y / SIDE, 0.2 + (0.6 * y) / SIDE, 0.9];
    for (const [channel, red] of [0.74, -0.7, -0.65].entries())
      data[channel * plane + at] = inDisc ? red : (sky[channel] ?? 0);
  }
  return floatTensor(data, [1, 3, SIDE, SIDE]);
}

function required(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new Error('the graph gave no such result');
  return tensor;
}
