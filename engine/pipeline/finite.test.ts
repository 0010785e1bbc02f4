import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as families from '../../models/registry.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { writeTinyModel } from '../../test/tiny-model.ts';
import { openComponent } from '../checkpoint/folder.ts';
import { openBranches } from './branches.ts';
import { decodeLatent, encodePicture } from './codec.ts';
import { encodePrompt } from './condition.ts';
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
      height,
      width,
    });
    const latent = new Float32Array(model.denoiser.latentChannels * height * width);
    await expect(branches.run({ latents: [latent], sigma: 1 })).rejects.toMatchObject(refusal('transformer'));
  });

  it('is named when it codes pictures', async () => {
    const channels = openPoisoned('vae', 'decoder.conv_out.bias').autoencoder.latentChannels;
    const latent = { data: new Float32Array(channels * 16), channels, height: 4, width: 4 };
    await expect(decodeLatent(openPoisoned('vae', 'decoder.conv_out.bias'), latent)).rejects.toMatchObject(
      refusal('picture decoder'),
    );
    const side = 4 * 8;
    const picture = { width: side, height: side, channels: 3, data: new Uint8Array(side * side * 3) } as const;
    await expect(encodePicture(openPoisoned('vae', 'encoder.conv_out.bias'), picture)).rejects.toMatchObject(
      refusal('picture encoder'),
    );
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
