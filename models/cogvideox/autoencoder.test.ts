import { describe, expect, it } from 'vitest';
import { openComponent } from '../../engine/checkpoint/folder.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { fixture, noFixtures } from '../../test/fixtures.ts';
import { runNetwork } from '../../test/parity/networks.ts';
import { numbersOf, runGraph, wavy } from '../../test/run-network.ts';
import { tinyVideoAutoencoder, writeNetwork } from '../../test/tiny-networks.ts';
import { autoencoderKlCogVideoX } from './autoencoder.ts';

const open = (network = tinyVideoAutoencoder()) => autoencoderKlCogVideoX.open(openComponent(writeNetwork(network)));

describe.skipIf(noFixtures)('the video autoencoder against the reference (skipped without ../shared/fixtures)', () => {
  it('vae-cogvideox: every batch of encoder and decoder', async () => {
    const results = await runNetwork(fixture('vae-cogvideox'), { runtime: createOnnxRuntime() });
    expect(results).toEqual([expect.objectContaining({ status: 'PASS' })]);
  });
});

describe('the video autoencoder', () => {
  it('codes in batches of 8 frames and 2 latent frames, the remainder in the first', () => {
    const autoencoder = open();
    expect([1, 8, 12, 17, 49].map((frames) => autoencoder.encoderBatches(frames))).toEqual([
      [1],
      [8],
      [12],
      [9, 8],
      [9, 8, 8, 8, 8, 8],
    ]);
    expect([1, 2, 3, 4, 5].map((frames) => autoencoder.decoderBatches(frames))).toEqual([
      [1],
      [2],
      [3],
      [2, 2],
      [3, 2],
    ]);
  });

  it.each([
    [1, 1],
    [2, 4],
    [3, 5],
  ])('decodes %i latent frames to %i, each convolution carrying two', async (frames, expected) => {
    const autoencoder = open();
    const g = new GraphBuilder();
    const sizes = { batch: 1, frames, height: 3, width: 5, follows: false };
    const { frames: decoded, after } = autoencoder.buildDecoder(g, sizes);
    expect(decoded.shape).toEqual([1, 3, expected, 6, 10]);
    expect([...after.values()].every(({ shape }) => shape[2] === 2)).toBe(true);
    // Two ends, two resnets in the middle, two in each of two blocks.
    expect(after.size).toBe(2 + 2 * (2 + 4));
  });

  it('computes from what it is given of the batch before', async () => {
    const autoencoder = open();
    const latent = wavy([1, 4, 2, 3, 5]);
    const run = async (follows: boolean) => {
      const sizes = { batch: 1, frames: 2, height: 3, width: 5, follows };
      const shapes = new Map(
        [...autoencoder.buildDecoder(new GraphBuilder(), sizes).after].map(([name, { shape }]) => [name, shape]),
      );
      const before = follows
        ? Object.fromEntries([...shapes].map(([name, shape]) => [`before.${name}`, wavy(shape)]))
        : {};
      return runGraph((g) => ({ decoded: autoencoder.buildDecoder(g, sizes).frames }), { latent, ...before });
    };
    const [first, later] = [await run(false), await run(true)];
    expect(later.decoded?.dims).toEqual(first.decoded?.dims);
    expect(numbersOf(later.decoded)).not.toEqual(numbersOf(first.decoded));
  });

  it.each([
    ['down_block_types', ['Other', 'CogVideoXDownBlock3D'], 'checkpoint-unsupported'],
    ['up_block_types', ['CogVideoXUpBlock3D'], 'checkpoint-malformed'],
    ['act_fn', 'relu', 'checkpoint-unsupported'],
    ['out_channels', 4, 'checkpoint-unsupported'],
    ['temporal_compression_ratio', 8, 'checkpoint-malformed'],
    ['block_out_channels', [8, 18], 'checkpoint-malformed'],
  ])('names the field %s = %j as %s', (field, value, kind) => {
    const network = tinyVideoAutoencoder();
    const changed = { ...network, config: { ...network.config, [field]: value } };
    expect(() => open(changed)).toThrow(expect.objectContaining({ kind, where: expect.objectContaining({ field }) }));
  });
});
