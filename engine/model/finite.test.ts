import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as families from '../../models/registry.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { writeTinyModel } from '../../test/tiny-model.ts';
import { openComponent } from '../checkpoint/folder.ts';
import { encodePrompt } from '../conditioning/conditioning.ts';
import { openBranches } from '../denoise/branches.ts';
import { decodeOneFrame } from '../latents/decode.ts';
import { encodeFrames } from '../latents/encode.ts';
import { latentOf } from '../latents/frames.ts';
import { latentSizeOf } from '../latents/size.ts';
import { finite } from './finite.ts';
import { openModel } from './model.ts';

const runtime = createOnnxRuntime({ threads: 1 });

/** A tiny checkpoint in which every value of one float32 tensor is NaN. */
function openPoisoned(component: string, tensor: string) {
  const folder = writeTinyModel();
  const { file, offset, byteLength, dtype } = openComponent(join(folder, component)).weights.get(tensor);
  expect(dtype).toBe('F32');
  const bytes = readFileSync(file);
  bytes.set(new Uint8Array(new Float32Array(byteLength / 4).fill(Number.NaN).buffer), offset);
  writeFileSync(file, bytes);
  const model = openModel(folder, 'tiny', families, runtime);
  onTestFinished(() => model.sessions.release());
  return model;
}

const refusal = (network: string) => ({
  kind: 'runtime-failed',
  message: expect.stringContaining(`The ${network} of`),
});

describe('a network with weights that are not numbers', () => {
  it.each(['text_encoder', 'text_encoder_2'])('is named when it is %s', async (name) => {
    const model = openPoisoned(name, 'text_model.embeddings.token_embedding.weight');
    await expect(encodePrompt(model, 'a cat')).rejects.toMatchObject(refusal(name));
  });

  it('is named when it is the transformer', async () => {
    const model = openPoisoned('transformer', 'proj_out.bias');
    const condition = await encodePrompt(model, 'a cat');
    const [height, width] = [4, 4];
    const branches = await openBranches(model, {
      branches: [{ name: 'target', condition, guidance: 1 }],
      frames: 1,
      height,
      width,
    });
    const latent = new Float32Array(model.denoiser.latentChannels * height * width);
    await expect(branches.run({ latents: [latent], timestep: 1000 })).rejects.toMatchObject(refusal('transformer'));
  });

  it('is named when it is the autoencoder', async () => {
    const [decoder, encoder] = ['decoder.conv_out.bias', 'encoder.conv_out.bias'].map((tensor) =>
      openPoisoned('vae', tensor),
    );
    if (decoder === undefined || encoder === undefined) throw new Error('two models were opened');
    const picture = { width: 8, height: 8, channels: 3, data: new Uint8Array(8 * 8 * 3) } as const;
    const size = latentSizeOf(decoder, { width: 8, height: 8, frames: 1 });
    const latent = latentOf(size, new Float32Array(size.length));
    await expect(decodeOneFrame(decoder, size, latent, 0)).rejects.toMatchObject(refusal('VAE decoder'));
    await expect(encodeFrames(encoder, size, [picture])).rejects.toMatchObject(refusal('VAE encoder'));
  });
});

describe('the check of values', () => {
  it('takes any numbers, also those whose sum would overflow', () => {
    const large = Float32Array.of(3.4e38, 3.4e38, -0, 1e-45);
    expect(finite(large, 'x', 'y')).toBe(large);
    expect(finite(new Float32Array(0), 'x', 'y')).toHaveLength(0);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %s at any place', (value) => {
    for (const at of [0, 4, 8]) {
      const values = new Float32Array(9).fill(1);
      values[at] = value;
      expect(() => finite(values, 'x', 'y')).toThrow('not numbers');
    }
  });
});
