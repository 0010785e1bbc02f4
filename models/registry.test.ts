import { describe, expect, it } from 'vitest';
import { openComponent } from '../engine/checkpoint/folder.ts';
import { folderOf, tensorsOf } from '../test/checkpoint-files.ts';
import {
  type TinyNetwork,
  tinyAutoencoder,
  tinyClip,
  tinyCogVideoX,
  tinyFlux,
  tinySd3,
  tinyT5,
  tinyVideoAutoencoder,
  writeNetwork,
} from '../test/tiny-networks.ts';
import { autoencoders, denoisers, denoisersWithoutPipeline, textEncoders, videoAutoencoders } from './registry.ts';

const families = [...denoisers, ...denoisersWithoutPipeline, ...textEncoders, ...autoencoders, ...videoAutoencoders];

/** A network of every family, in every form that changes which tensors it has. */
const networks: readonly (readonly [form: string, family: string, network: TinyNetwork])[] = [
  ['SD3 with dual attention', 'sd3', tinySd3()],
  ['SD3 without', 'sd3', tinySd3({ dual: [], layers: 1 })],
  ['CogVideoX 2b', 'cogvideox', tinyCogVideoX('sincos')],
  ['CogVideoX 5b', 'cogvideox', tinyCogVideoX('rotary')],
  ['CogVideoX 1.5', 'cogvideox', tinyCogVideoX('spanning')],
  ['FLUX.1 dev', 'flux', tinyFlux()],
  ['FLUX.1 schnell', 'flux', tinyFlux({ guided: false })],
  ['autoencoder', 'autoencoder-kl', tinyAutoencoder()],
  ['autoencoder without attention', 'autoencoder-kl', tinyAutoencoder({ attends: false })],
  ['video autoencoder', 'autoencoder-kl-cogvideox', tinyVideoAutoencoder()],
  ['CLIP with projection', 'clip-text', tinyClip()],
  ['CLIP without', 'clip-text', tinyClip({ projects: false })],
  ['gated T5', 't5-encoder', tinyT5()],
  [
    'plain T5 with its table in the encoder',
    't5-encoder',
    tinyT5({ gated: false, table: 'encoder.embed_tokens.weight' }),
  ],
];

/** Tensors without which a network is no longer recognised, or is another form of its family. */
const TELLING = new Set([
  'pos_embed.pos_embed',
  'pos_embed.proj.weight',
  'transformer_blocks.0.attn.add_q_proj.weight',
  'text_projection.weight',
  'patch_embed.text_proj.weight',
  'encoder.conv_in.conv.weight',
  'decoder.conv_out.conv.weight',
  'transformer_blocks.0.attn1.to_q.weight',
]);

function familyOf(network: TinyNetwork) {
  const component = openComponent(writeNetwork(network));
  const [family, ...others] = families.filter((candidate) => candidate.detect(component));
  return { component, family, others };
}

function openWith(network: TinyNetwork, family: string): () => unknown {
  const component = openComponent(writeNetwork(network));
  const opener = families.find(({ id }) => id === family);
  return () => opener?.open(component);
}

describe('every family', () => {
  it('has a network in this test', () => {
    expect(new Set(networks.map(([, id]) => id))).toEqual(new Set(families.map(({ id }) => id)));
  });

  describe.each(networks)('%s', (_, id, network) => {
    it('is recognised by its own family alone, and opens', () => {
      const { component, family, others } = familyOf(network);
      expect(family?.id).toBe(id);
      expect(others).toEqual([]);
      expect(() => family?.open(component)).not.toThrow();
    });

    it('names the tensor that is missing, whichever it is', () => {
      for (const missing of Object.keys(network.shapes)) {
        if (TELLING.has(missing)) continue;
        const { [missing]: _gone, ...shapes } = network.shapes;
        // T5's table has two names; without either, the second is what is missing.
        const tensor = missing === 'shared.weight' ? 'encoder.embed_tokens.weight' : missing;
        expect(openWith({ ...network, shapes }, id), missing).toThrow(
          expect.objectContaining({
            kind: 'checkpoint-incomplete',
            where: expect.objectContaining({ tensor }),
          }),
        );
      }
    });

    it('names the tensor whose shape contradicts the config, whichever it is', () => {
      for (const [name, shape] of Object.entries(network.shapes)) {
        const shapes = { ...network.shapes, [name]: shape.with(-1, (shape.at(-1) ?? 0) + 2) };
        expect(openWith({ ...network, shapes }, id), name).toThrow(
          expect.objectContaining({
            kind: 'checkpoint-malformed',
            message: expect.stringContaining(
              `[${shapes[name]?.join(', ')}] where the config asks for [${shape.join(', ')}]`,
            ),
            where: expect.objectContaining({ tensor: name, file: expect.any(String) }),
          }),
        );
      }
    });

    it('refuses weights of whole numbers', () => {
      const folder = folderOf({ 'config.json': network.config, 'model.safetensors': tensorsOf(network.shapes, 'I64') });
      const component = openComponent(folder);
      const family = families.find((candidate) => candidate.id === id);
      expect(() => family?.open(component)).toThrow(
        expect.objectContaining({ kind: 'checkpoint-malformed', where: expect.objectContaining({ field: 'dtype' }) }),
      );
    });

    it('is refused when the weights hold more layers than the config counts', () => {
      const field = ['num_layers', 'num_hidden_layers'].find((key) => key in network.config);
      const count = field === undefined ? 1 : Number(network.config[field]);
      if (field === undefined || count === 1) return;
      expect(openWith({ ...network, config: { ...network.config, [field]: count - 1 } }, id)).toThrow(
        expect.objectContaining({ kind: 'checkpoint-malformed' }),
      );
    });
  });
});
