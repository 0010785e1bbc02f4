import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { openComponent } from '../engine/index.ts';
import { sd3Transformer } from '../models/sd3/transformer.ts';
import { autoencoderKl } from '../models/vae/autoencoder-kl.ts';
import { sd3Autoencoder, sd3Medium } from './networks.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

describe('planned networks', () => {
  it("are what SD3's family asks for, tensor by tensor", () => {
    const { folder, weightBytes } = workspace.hollow('sd3', sd3Medium(24), 'F16');
    const component = openComponent(folder);
    expect(sd3Transformer.detect(component)).toBe(true);
    expect(sd3Transformer.open(component)).toMatchObject({
      layers: 24,
      heads: 24,
      headDim: 64,
      textHiddenSize: 4096,
      pooledWidth: 2048,
    });
    // The published file has 4.17 GB; its position table has 192 x 192 positions.
    expect(weightBytes / 2 + (192 ** 2 - 96 ** 2) * 1536).toBeCloseTo(2.085e9, -6);
  });

  it("are what the autoencoder's family asks for", () => {
    const component = openComponent(workspace.hollow('vae', sd3Autoencoder(), 'F32').folder);
    expect(autoencoderKl.open(component)).toMatchObject({ latentChannels: 16, spatialCompression: 8 });
  });
});

describe('workspace', () => {
  it('writes a checkpoint once, and nothing of it is left behind', () => {
    const own = new Workspace();
    const small = {
      config: {},
      shapes: new Map([
        ['a', [3, 5]],
        ['b', [7]],
      ]),
    };
    const { folder, weightBytes } = own.random('small', small, 'F32');
    expect(weightBytes).toBe(4 * 22);
    expect(own.random('small', small, 'F32').folder).toBe(folder);
    expect(own.random('small', small, 'F16').weightBytes).toBe(2 * 22);
    expect(existsSync(folder)).toBe(true);
    own.remove();
    expect(existsSync(folder)).toBe(false);
  });
});
