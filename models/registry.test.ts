import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { componentClass } from '../engine/checkpoint/detect.ts';
import { openComponent } from '../engine/checkpoint/folder.ts';
import { inspectCheckpoint } from '../engine/checkpoint/inspect.ts';
import { findFamily } from '../engine/jobs/findings.ts';
import { familyOf as familyIn } from '../engine/model/model.ts';
import { folderOf, type Shapes, tensorsOf } from '../test/checkpoint-files.ts';
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
import * as registry from './registry.ts';
import { autoencoders, pipelines, textEncoders } from './registry.ts';

const families = [...pipelines.map(({ denoiser }) => denoiser), ...textEncoders, ...autoencoders];

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
  'decoder.norm_out.conv_y.conv.weight',
  'time_embedding.linear_1.weight',
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

    it('refuses a tensor that it does not read: it is another network under the same names', () => {
      const shapes = { ...network.shapes, 'extra.0.scale.weight': [3] };
      expect(openWith({ ...network, shapes }, id)).toThrow(
        expect.objectContaining({
          kind: 'checkpoint-unsupported',
          message: expect.stringContaining('"extra.0.scale.weight"'),
          where: expect.objectContaining({ tensor: 'extra.0.scale.weight' }),
        }),
      );
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

/** Layouts of real networks that Attune does not run: names and shapes, from their reference implementations. */
const layouts = JSON.parse(
  readFileSync(new URL('../test/layouts/families-2026.json', import.meta.url), 'utf8'),
) as Record<string, { readonly className: string; readonly config: object; readonly shapes: Shapes }>;
const STRANGERS = Object.entries(layouts).map(([name, { className, config, shapes }]) => ({
  name,
  className,
  folder: () => {
    const file = className.endsWith('Model') && !className.includes('2D') && !className.includes('3D');
    const weights = file ? 'model.safetensors' : 'diffusion_pytorch_model.safetensors';
    return folderOf({ 'config.json': config, [weights]: tensorsOf(shapes) });
  },
}));

describe.each(STRANGERS)('$name, which no family runs', ({ className, folder }) => {
  it('is taken by none, and refused and inspected by its own name', () => {
    const component = openComponent(folder());
    expect(families.filter((family) => family.detect(component))).toEqual([]);
    const found = componentClass(component.weights);
    expect(found?.className).toBe(className);
    expect(() => familyIn<unknown>(component, families)).toThrow(
      expect.objectContaining({
        kind: 'checkpoint-unsupported',
        message: expect.stringContaining(found?.title ?? 'a title'),
      }),
    );
    const report = inspectCheckpoint(component.folder, (seen) => findFamily(seen, registry));
    expect(report.components).toEqual([expect.objectContaining({ detectedClass: className })]);
    expect(report.components[0]).not.toHaveProperty('family');
  });

  it('is taken by none also where its config claims a class that Attune runs', () => {
    const place = folder();
    for (const claimed of ['AutoencoderKL', 'SD3Transformer2DModel', 'CogVideoXTransformer3DModel']) {
      writeFileSync(join(place, 'config.json'), JSON.stringify({ _class_name: claimed }));
      const component = openComponent(place);
      expect(families.filter((family) => family.detect(component))).toEqual([]);
    }
  });
});

/** Networks whose tensors begin like those of a family. */
describe.each<readonly [what: string, of: TinyNetwork, more: Shapes, family: string]>([
  ['SigLIP', tinyClip({ projects: false }), { 'text_model.head.weight': [8, 8] }, 'clip-text'],
  ['a VQ model', tinyAutoencoder(), { 'quantize.embedding.weight': [8, 4] }, 'autoencoder-kl'],
])('%s', (_what, network, more, id) => {
  it('is not taken for the network that it resembles', () => {
    const { family } = familyOf({ ...network, shapes: { ...network.shapes, ...more } });
    expect(familyOf(network).family?.id).toBe(id);
    expect(family).toBeUndefined();
  });
});

it('CogView3 and the causal autoencoders of other video models are not taken for those of CogVideoX', () => {
  const without = ({ shapes, ...rest }: TinyNetwork, pattern: RegExp): TinyNetwork => ({
    ...rest,
    shapes: Object.fromEntries(Object.entries(shapes).filter(([name]) => !pattern.test(name))),
  });
  expect(familyOf(without(tinyCogVideoX('rotary'), /^time_embedding\./)).family).toBeUndefined();
  expect(familyOf(without(tinyVideoAutoencoder(), /conv_[yb]\./)).family).toBeUndefined();
});
