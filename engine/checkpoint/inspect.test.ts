import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pipelines } from '../../models/registry.ts';
import { type Files, folderOf, tensorsOf, thrownBy } from '../../test/checkpoint-files.ts';
import { inspectCheckpoint } from './inspect.ts';
import { reportLines } from './report.ts';

const CLIP = { 'text_model.embeddings.token_embedding.weight': [8, 2], 'text_model.final_layer_norm.weight': [2] };
const MODEL: Files = {
  'model_index.json': {
    _class_name: 'StableDiffusion3Pipeline',
    scheduler: ['diffusers', 'FlowMatchEulerDiscreteScheduler'],
    text_encoder: ['transformers', 'CLIPTextModel'],
    transformer: ['diffusers', 'SD3Transformer2DModel'],
  },
  'scheduler/scheduler_config.json': {},
  'text_encoder/config.json': { architectures: ['AutoencoderKL'] },
  'text_encoder/model.safetensors': tensorsOf(CLIP),
  'text_encoder/model.fp16.safetensors': tensorsOf(CLIP, 'F16'),
  'transformer/config.json': { _class_name: 'SD3Transformer2DModel' },
  'transformer/diffusion_pytorch_model.safetensors': tensorsOf({ a: [100], b: [50] }, 'BF16'),
};

test('a whole model: class, components, dtypes, parameters, bytes and memory add up', () => {
  const folder = folderOf(MODEL);
  const report = inspectCheckpoint(folder);
  expect(report).toMatchObject({
    form: 'model',
    title: 'StableDiffusion3Pipeline',
    missing: [],
    faults: [],
    parameters: 18 + 150,
  });
  expect(report.components.map(({ name }) => name)).toEqual(['scheduler', 'text_encoder', 'transformer']);
  expect(report.components[1]).toMatchObject({
    className: 'AutoencoderKL',
    detectedClass: 'CLIPTextModel',
    dtypes: { F32: 2 },
    otherWeights: [join(folder, 'text_encoder/model.fp16.safetensors')],
  });
  expect(report.memory.mappedBytes).toBe(18 * 4 + 150 * 2);
  expect(report.memory.privateBytes).toBeLessThan(0.15 * report.memory.mappedBytes);
  expect(report.memory.activationBytes).toBeUndefined();
  expect(report.bytesOnDisk).toBe(tensorsOf(CLIP).length + tensorsOf({ a: [100], b: [50] }, 'BF16').length);
});

test('families add their name, the tensors they miss and what a run needs', () => {
  const folder = folderOf(MODEL);
  const report = inspectCheckpoint(folder, ({ name, weights }) =>
    name === 'transformer'
      ? {
          family: 'sd3',
          missingTensors: ['a', 'c.weight'].filter((tensor) => !weights.has(tensor)),
          activationBytes: 1e6,
        }
      : undefined,
  );
  const file = join(folder, 'transformer/diffusion_pytorch_model.safetensors');
  expect(report.missing).toEqual([{ component: 'transformer', file, tensor: 'c.weight' }]);
  expect(report.memory.activationBytes).toBe(1e6);
  expect(reportLines(report).join('\n')).toMatch(
    /family sd3.*about 1\.0 MB for a run.*missing: c\.weight in .*safetensors/s,
  );
});

test('a vocabulary is counted, a malformed one is a fault of the checkpoint', () => {
  const vocabulary = {
    schema: 'attune-vocabulary/1',
    objects: [{ word: 'cat' }, { word: 'dog' }],
    colours: [{ word: 'red' }],
    places: [],
    positions: [],
    words: [],
    examples: [],
  };
  const report = inspectCheckpoint(folderOf({ ...MODEL, 'vocabulary.json': vocabulary }));
  expect(report.vocabulary).toEqual({ objects: 2, colours: 1, places: 0, positions: 0 });
  expect(reportLines(report).join('\n')).toMatch(/words: it knows 2 objects, 1 colour, 0 places/);
  const broken = inspectCheckpoint(folderOf({ ...MODEL, 'vocabulary.json': { ...vocabulary, objects: 'cat' } }));
  expect(broken.faults).toMatchObject([{ component: 'vocabulary', where: { field: 'objects' } }]);
  expect(inspectCheckpoint(folderOf(MODEL)).vocabulary).toBeUndefined();
});

test('each missing file is named, the rest is described all the same', () => {
  const {
    'scheduler/scheduler_config.json': _s,
    'transformer/config.json': _c,
    'text_encoder/model.safetensors': _t,
    ...rest
  } = MODEL;
  const folder = folderOf(rest);
  const report = inspectCheckpoint(folder);
  expect(report.missing.map(({ file }) => file.slice(folder.length + 1))).toEqual([
    'scheduler',
    'transformer/config.json',
  ]);
  expect(report.components[1]).toMatchObject({ name: 'text_encoder', dtypes: { F16: 2 } });
  expect(report.components[2]).toMatchObject({ name: 'transformer', parameters: 0 });
});

test('what a family refuses is a fault or a missing part of its component, which is still described', () => {
  const folder = folderOf(MODEL);
  const report = inspectCheckpoint(folder, ({ name, weights, config }) => {
    if (name === 'transformer') config.integer('num_layers');
    weights.get('nothing');
    return undefined;
  });
  expect(report.missing).toEqual([
    { component: 'text_encoder', file: join(folder, 'text_encoder/model.safetensors'), tensor: 'nothing' },
    { component: 'transformer', file: join(folder, 'transformer/config.json'), field: 'num_layers' },
  ]);
  expect(report.components[2]?.parameters).toBe(150);
});

test('malformed and pickled components are faults, not the end of the report', () => {
  const { 'transformer/diffusion_pytorch_model.safetensors': _, ...rest } = MODEL;
  const pickled = inspectCheckpoint(folderOf({ ...rest, 'transformer/diffusion_pytorch_model.bin': 'PK\x03\x04' }));
  expect(pickled.faults).toMatchObject([{ component: 'transformer', kind: 'checkpoint-unsupported' }]);
  const broken = inspectCheckpoint(
    folderOf({ ...MODEL, 'text_encoder/model.safetensors': 'nonsense that is long enough' }),
  );
  expect(broken.faults).toMatchObject([{ component: 'text_encoder', kind: 'checkpoint-malformed' }]);
  expect(broken.components).toHaveLength(3);
  expect(reportLines(broken).join('\n')).toMatch(/fault: .*model\.safetensors/);
});

test('a sound network that nothing here runs is said to be that', () => {
  const folder = folderOf({ 'config.json': {}, 'model.safetensors': tensorsOf(CLIP) });
  expect(reportLines(inspectCheckpoint(folder)).join('\n')).toContain('not a network that this version runs');
  const known = inspectCheckpoint(folder, () => ({ family: 'clip-text', missingTensors: [] }));
  expect(reportLines(known).join('\n')).not.toContain('not a network');
});

test('one component folder and one weight file are told apart from a model', () => {
  const folder = folderOf({ 'config.json': {}, 'model.safetensors': tensorsOf(CLIP) });
  expect(inspectCheckpoint(folder)).toMatchObject({ form: 'component', title: 'CLIPTextModel', parameters: 18 });
  expect(inspectCheckpoint(join(folder, 'model.safetensors'))).toMatchObject({
    form: 'single-file',
    title: 'CLIP text encoder (weights only)',
  });
});

test('a single-file checkpoint of another program is named kindly, with a way out', () => {
  const file = join(
    folderOf({
      'sd3.safetensors': tensorsOf({
        'model.diffusion_model.joint_blocks.0.context_block.adaLN_modulation.1.bias': [1],
      }),
    }),
    'sd3.safetensors',
  );
  const report = inspectCheckpoint(file, undefined, undefined, pipelines);
  expect(report.title).toMatch(/Stable Diffusion 3/);
  expect(report.advice).toMatch(/model_index\.json/);
  const unknown = join(folderOf({ 'x.safetensors': tensorsOf({ a: [1] }) }), 'x.safetensors');
  expect(inspectCheckpoint(unknown).title).toMatch(/unknown kind/);
});

test('a path that is nothing at all is refused by name', () => {
  expect(thrownBy(() => inspectCheckpoint('/nowhere/model'))).toMatchObject({
    kind: 'checkpoint-incomplete',
    where: { file: '/nowhere/model' },
  });
});
