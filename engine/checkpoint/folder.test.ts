import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Files, folderOf, tensorsOf, thrownBy } from '../../test/checkpoint-files.ts';
import { missingParts, openComponent, openModelFolder } from './folder.ts';

const weights = tensorsOf({ a: [1] });
const MODEL: Files = {
  'model_index.json': {
    _class_name: 'StableDiffusion3Pipeline',
    _diffusers_version: '0.32.2',
    force_zeros_for_empty_prompt: true,
    scheduler: ['diffusers', 'FlowMatchEulerDiscreteScheduler'],
    text_encoder: ['transformers', 'CLIPTextModelWithProjection'],
    text_encoder_3: [null, null],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    image_processor: ['transformers', 'CLIPImageProcessor'],
    transformer: ['diffusers', 'SD3Transformer2DModel'],
  },
  'scheduler/scheduler_config.json': { shift: 3 },
  'text_encoder/config.json': { architectures: ['CLIPTextModelWithProjection'] },
  'text_encoder/model.safetensors': weights,
  'tokenizer/vocab.json': {},
  'image_processor/preprocessor_config.json': {},
  'transformer/config.json': { _class_name: 'SD3Transformer2DModel', num_layers: 2 },
  'transformer/diffusion_pytorch_model.safetensors': weights,
};
const without = (...names: string[]): Files =>
  Object.fromEntries(Object.entries(MODEL).filter(([name]) => !names.includes(name)));
const withIndex = (index: unknown): Files => ({
  'model_index.json': typeof index === 'string' ? index : JSON.stringify(index),
});

test('a model folder lists its components and leaves out those its publisher left out', () => {
  const folder = folderOf(MODEL);
  const model = openModelFolder(folder);
  expect(model.pipeline).toBe('StableDiffusion3Pipeline');
  expect([...model.components.values()].map(({ name, role }) => `${name}: ${role}`)).toEqual([
    'scheduler: scheduler',
    'text_encoder: network',
    'tokenizer: tokenizer',
    'image_processor: processor',
    'transformer: network',
  ]);
  expect(missingParts(model)).toEqual([]);
});

test('components are opened by name: configs, weights of diffusers and of transformers', () => {
  const model = openModelFolder(folderOf(MODEL));
  expect(model.config('scheduler', 'scheduler_config.json').number('shift')).toBe(3);
  expect(model.open('transformer').config.integer('num_layers')).toBe(2);
  expect(model.open('text_encoder').weights.names).toEqual(['a']);
});

test('weights saved within a wrapper of PyTorch are told by its prefix, with the way out', () => {
  for (const [prefix, inner] of [
    ['_orig_mod.', 'model._orig_mod.save_pretrained'],
    ['module.', 'model.module.save_pretrained'],
  ] as const) {
    const wrapped = tensorsOf({ [`${prefix}a`]: [1], [`${prefix}b`]: [1] });
    const folder = folderOf({ ...MODEL, 'transformer/diffusion_pytorch_model.safetensors': wrapped });
    const error = thrownBy(() => openModelFolder(folder).open('transformer'));
    expect(error).toMatchObject({ kind: 'checkpoint-unsupported', message: expect.stringContaining(inner) });
  }
  const mixed = tensorsOf({ 'module.a': [1], b: [1] });
  const folder = folderOf({ ...MODEL, 'transformer/diffusion_pytorch_model.safetensors': mixed });
  expect(openModelFolder(folder).open('transformer').weights.names).toEqual(['module.a', 'b']);
});

test('a component whose folder was not downloaded is named; the T5-XXL of Stable Diffusion 3 can be left out', () => {
  const index = { ...(MODEL['model_index.json'] as object), text_encoder_3: ['transformers', 'T5EncoderModel'] };
  const model = openModelFolder(
    folderOf({ ...without('text_encoder/config.json', 'text_encoder/model.safetensors'), 'model_index.json': index }),
  );
  const said = (name: string) => thrownBy(() => model.open(name)).message;
  expect(said('text_encoder')).toMatch(/lists "text_encoder", but its folder is not there. Download it[.]$/);
  expect(said('text_encoder_3')).toMatch(
    /Download it, or leave it out: write \[null, null\] for text_encoder_3 and tokenizer_3/,
  );
});

test('a folder with a LoRA is named as one', () => {
  for (const name of ['adapter_config.json', 'pytorch_lora_weights.safetensors'])
    expect(thrownBy(() => openModelFolder(folderOf({ [name]: {} }))).message).toContain('holds a LoRA');
});

test('a component may lie elsewhere', () => {
  const other = folderOf({ 'config.json': { _class_name: 'X' }, 'diffusion_pytorch_model.safetensors': weights });
  const model = openModelFolder(folderOf(MODEL), { transformer: other });
  expect(model.open('transformer')).toMatchObject({ name: 'transformer', folder: other });
});

test('a component that the index does not list, or lists as null, is refused with a list of those it has', () => {
  const folder = folderOf(MODEL);
  for (const name of ['text_encoder_3', 'vae', 'constructor']) {
    const error = thrownBy(() => openModelFolder(folder).open(name));
    expect(error).toMatchObject({
      kind: 'checkpoint-incomplete',
      where: { file: join(folder, 'model_index.json'), field: name },
    });
    expect(error.message).toMatch(/it has scheduler, text_encoder/);
  }
});

test('every file that is missing is named, without opening weights', () => {
  const folder = folderOf(
    without(
      'scheduler/scheduler_config.json',
      'text_encoder/model.safetensors',
      'transformer/config.json',
      'transformer/diffusion_pytorch_model.safetensors',
      'tokenizer/vocab.json',
    ),
  );
  const missing = missingParts(openModelFolder(folder)).map((path) => path.slice(folder.length + 1));
  expect(missing).toEqual(['scheduler', 'text_encoder/model.safetensors', 'tokenizer', 'transformer']);
});

test('in a folder that is there, config and weights are named apart, and so are links that lead nowhere', () => {
  const folder = folderOf({
    ...without('transformer/config.json', 'transformer/diffusion_pytorch_model.safetensors'),
    'transformer/x': '',
  });
  symlinkSync('../../../blobs/gone', join(folder, 'transformer/diffusion_pytorch_model.safetensors'));
  symlinkSync('../../../blobs/gone', join(folder, 'tokenizer/merges.txt'));
  const missing = missingParts(openModelFolder(folder)).map((path) => path.slice(folder.length + 1));
  expect(missing).toEqual([
    'tokenizer/merges.txt',
    'transformer/config.json',
    'transformer/diffusion_pytorch_model.safetensors',
  ]);
});

test('an empty tokenizer folder counts as missing', () => {
  const folder = folderOf(MODEL);
  rmSync(join(folder, 'tokenizer/vocab.json'));
  expect(missingParts(openModelFolder(folder))).toEqual([join(folder, 'tokenizer')]);
});

test('one component folder opens by itself, of a wanted variant', () => {
  const folder = folderOf({
    'config.json': {},
    'model.safetensors': weights,
    'model.fp16.safetensors': tensorsOf({ a: [1] }, 'F16'),
  });
  expect(openComponent(folder).weights.get('a').dtype).toBe('F32');
  expect(openComponent(folder, { variant: 'fp16' }).weights.get('a').dtype).toBe('F16');
  expect(openComponent(folder).others).toHaveLength(1);
});

test('a component without a config names the file', () => {
  const folder = folderOf({ 'model.safetensors': weights });
  expect(thrownBy(() => openComponent(folder))).toMatchObject({
    kind: 'checkpoint-incomplete',
    where: { file: join(folder, 'config.json') },
  });
});

describe('a path that is no model folder gets a sentence that says which path to give:', () => {
  test.each<[string, Files, string, string, RegExp]>([
    ['nothing', {}, 'none', 'checkpoint-incomplete', /no such folder/],
    [
      'a file',
      { 'm.safetensors': weights },
      'm.safetensors',
      'checkpoint-unsupported',
      /Give the folder that has the model_index/,
    ],
    ['a component', { 'c/config.json': {} }, 'c', 'checkpoint-incomplete', /Give the folder above it/],
    ['another folder', { 'd/readme': '' }, 'd', 'checkpoint-incomplete', /no diffusers model folder/],
  ])('%s', (_, files, path, kind, says) => {
    const error = thrownBy(() => openModelFolder(join(folderOf(files), path)));
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(says);
  });
});

describe('a model_index.json is refused when', () => {
  test.each<[string, unknown, string | undefined]>([
    ['it is not JSON', '{', undefined],
    ['it is a list', [], undefined],
    ['its class is a number', { _class_name: 3 }, '_class_name'],
    ['a component has one entry', { _class_name: 'P', vae: ['diffusers'] }, 'vae'],
    ['a component has three entries', { _class_name: 'P', vae: ['diffusers', 'A', 'B'] }, 'vae'],
    ['a component is half null', { _class_name: 'P', vae: ['diffusers', null] }, 'vae'],
    ['a component is an object', { _class_name: 'P', vae: { a: 1 } }, 'vae'],
    ['a component leads out of the folder', { _class_name: 'P', '../vae': ['diffusers', 'A'] }, '../vae'],
    ['a component has an absolute name', { _class_name: 'P', '/etc': ['diffusers', 'A'] }, '/etc'],
    ['a component has an empty name', { _class_name: 'P', '': ['diffusers', 'A'] }, ''],
  ])('%s', (_, index, field) => {
    const folder = folderOf(withIndex(index));
    const error = thrownBy(() => openModelFolder(folder));
    expect(error).toMatchObject({ kind: 'checkpoint-malformed', where: { file: join(folder, 'model_index.json') } });
    expect(error.where.field).toBe(field);
  });

  test('it does not say its class', () => {
    expect(thrownBy(() => openModelFolder(folderOf(withIndex({}))))).toMatchObject({
      kind: 'checkpoint-incomplete',
      where: { field: '_class_name' },
    });
  });
});
