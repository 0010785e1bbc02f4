import { describe, expect, it } from 'vitest';
import { openComponent } from '../../engine/checkpoint/folder.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { fixture, noFixtures } from '../../test/fixtures.ts';
import { runNetwork } from '../../test/parity/networks.ts';
import { numbersOf, runGraph, wavy } from '../../test/run-network.ts';
import { tinyAutoencoder, writeNetwork } from '../../test/tiny-networks.ts';
import { autoencoderKl } from './autoencoder-kl.ts';

const open = (network = tinyAutoencoder()) => autoencoderKl.open(openComponent(writeNetwork(network)));

describe.skipIf(noFixtures)('AutoencoderKL against the reference (skipped without ../shared/fixtures)', () => {
  it('vae-sd3: every stage of encoder and decoder', async () => {
    const results = await runNetwork(fixture('vae-sd3'), { runtime: createOnnxRuntime() });
    expect(results).toEqual([expect.objectContaining({ status: 'PASS' })]);
  });
});

describe('AutoencoderKL', () => {
  it('takes the reference class defaults for fields that a config lacks', () => {
    const { scalingFactor, shiftFactor, spatialCompression } = open();
    expect([scalingFactor, shiftFactor, spatialCompression]).toEqual([0.18215, 0, 2]);
  });

  it('encodes any even size to half of it and decodes to the whole', async () => {
    const autoencoder = open();
    const one = { batch: 1, frames: 1, follows: false };
    const encoded = await runGraph(
      (g) => {
        const { mean, logVariance } = autoencoder.buildEncoder(g, { ...one, height: 6, width: 10 });
        return { mean, logVariance };
      },
      { frames: wavy([1, 3, 1, 6, 10]) },
    );
    expect(encoded.mean?.dims).toEqual([1, 4, 1, 3, 5]);
    expect(numbersOf(encoded.logVariance).every((value) => value >= -30 && value <= 20)).toBe(true);
    const decoded = await runGraph(
      (g) => ({ decoded: autoencoder.buildDecoder(g, { ...one, height: 3, width: 5 }).frames }),
      { latent: wavy([1, 4, 1, 3, 5]) },
    );
    expect(decoded.decoded?.dims).toEqual([1, 3, 1, 6, 10]);
    expect(numbersOf(decoded.decoded).every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['down_block_types', ['AttnDownEncoderBlock2D', 'DownEncoderBlock2D'], 'checkpoint-unsupported'],
    ['up_block_types', ['UpDecoderBlock2D'], 'checkpoint-malformed'],
    ['act_fn', 'relu', 'checkpoint-unsupported'],
    ['in_channels', 4, 'checkpoint-unsupported'],
    ['norm_num_groups', 3, 'checkpoint-malformed'],
  ])('names the field of %s = %j as %s', (field, value, kind) => {
    const network = tinyAutoencoder();
    const changed = { ...network, config: { ...network.config, [field]: value } };
    expect(() => open(changed)).toThrow(
      expect.objectContaining({ kind, where: expect.objectContaining({ field: expect.any(String) }) }),
    );
  });
});
