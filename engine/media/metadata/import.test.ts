import sharp from 'sharp';
import { expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { writeUserComment } from './exif.ts';
import { importMetadata } from './import.ts';
import { insertJpegBlocks } from './jpeg.ts';
import { insertPngText } from './png.ts';

const blank = sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } });
const png = await blank.png().toBuffer();
const jpeg = await blank.jpeg().toBuffer();
const read = (fields: Readonly<Record<string, unknown>>) =>
  importMetadata(
    insertPngText(
      png,
      Object.entries(fields).map(([keyword, value]) => ({
        keyword,
        text: typeof value === 'string' ? value : JSON.stringify(value),
      })),
    ),
    'x.png',
  );
const all = { prompt: 'a cat', negative: 'dog', seed: 7, steps: 20, guidance: 5, size: { width: 512, height: 768 } };
const a1111 =
  'a cat<lora:fur:0.8>\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 5, Seed: 7, Size: 512x768, Model: m';
const flat = { prompt: 'a cat', negative_prompt: 'dog', seed: 7, steps: 20, width: 512, height: 768 };

const graph = {
  1: {
    class_type: 'KSampler',
    inputs: {
      seed: 7,
      steps: ['9', 0],
      cfg: 5,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
      positive: ['2', 0],
      negative: ['3', 0],
      latent_image: ['4', 0],
      model: ['5', 0],
    },
  },
  2: { class_type: 'ConditioningCombine', inputs: { conditioning_1: ['6', 0] } },
  3: { class_type: 'CLIPTextEncode', inputs: { text: 'dog', clip: ['5', 1] } },
  4: { class_type: 'EmptyLatentImage', inputs: { width: 512, height: 768, batch_size: 1 } },
  5: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'sub/m.safetensors' } },
  6: { class_type: 'CLIPTextEncode', inputs: { text: ['8', 0], clip: ['5', 1] } },
  7: { class_type: 'SaveImage', inputs: { images: ['10', 0] } },
  8: { class_type: 'PrimitiveString', inputs: { value: 'a cat' } },
  9: { class_type: 'PrimitiveInt', inputs: { value: 20 } },
  10: { class_type: 'VAEDecode', inputs: { samples: ['1', 0] } },
};

it.each([
  ['A1111', { parameters: a1111 }],
  ['Forge', { parameters: `${a1111}, Version: f2.0.1` }],
  ['SwarmUI', { parameters: { sui_image_params: { ...flat, negativeprompt: 'dog', cfgscale: 5, model: 'm' } } }],
  [
    'Fooocus',
    {
      parameters: { ...flat, guidance_scale: 5, resolution: '(512, 768)', seed: '7', base_model: 'm' },
      fooocus_scheme: 'fooocus',
    },
  ],
  ['Fooocus', { parameters: a1111, fooocus_scheme: 'a1111' }],
  [
    'Easy Diffusion',
    {
      prompt: 'a cat',
      negative_prompt: 'dog',
      seed: '7',
      num_inference_steps: '20',
      guidance_scale: '5',
      width: '512',
      height: '768',
    },
  ],
  ['InvokeAI', { invokeai_metadata: { ...flat, positive_prompt: 'a cat', cfg_scale: 5, model: { name: 'm' } } }],
  [
    'InvokeAI',
    {
      'sd-metadata': {
        model_weights: 'm',
        image: {
          prompt: [{ prompt: 'a cat [dog]', weight: 1 }],
          steps: 20,
          cfg_scale: 5,
          seed: 7,
          width: 512,
          height: 768,
        },
      },
    },
  ],
  ['InvokeAI', { Dream: '"a cat [dog]" -s 20 -S 7 -W 512 -H 768 -C 5 -A k_lms' }],
  ['NovelAI', { Software: 'NovelAI', Comment: { ...flat, uc: 'dog', scale: 5 } }],
  ['ComfyUI', { prompt: JSON.stringify(graph).replace('"batch_size":1', '"batch_size":NaN'), workflow: '{}' }],
  [
    'Draw Things',
    {
      'XML:com.adobe.xmp': `<exif:UserComment><rdf:Alt><rdf:li xml:lang="x">${JSON.stringify({ c: 'a cat', uc: 'dog', seed: 7, steps: 20, scale: 5, size: '512x768' }).replaceAll('"', '&quot;')}</rdf:li></rdf:Alt></exif:UserComment>`,
    },
  ],
])('reads %s', (tool, fields) => {
  expect(read(fields)).toMatchObject({ tool, request: all });
  expect(read(fields)?.request).not.toHaveProperty('method');
});

it('reads a JPEG of A1111 and of Easy Diffusion, and texts beside pictures', () => {
  const withComment = (text: string) =>
    importMetadata(insertJpegBlocks(jpeg, { exif: writeUserComment(text) }), 'x.jpg');
  expect(withComment(a1111)).toMatchObject({ tool: 'A1111', request: all });
  expect(withComment(JSON.stringify({ prompt: 'a cat', num_inference_steps: 20 }))).toMatchObject({
    tool: 'Easy Diffusion',
  });
  expect(importMetadata(utf8(a1111), 'x.txt')).toMatchObject({ request: all });
  expect(importMetadata(utf8(JSON.stringify(graph)), 'x.json')).toMatchObject({ tool: 'ComfyUI', request: all });
});

it('follows the parts of SamplerCustomAdvanced', () => {
  const flux = {
    1: {
      class_type: 'SamplerCustomAdvanced',
      inputs: { noise: ['2', 0], guider: ['3', 0], sampler: ['4', 0], sigmas: ['5', 0], latent_image: ['6', 0] },
    },
    2: { class_type: 'RandomNoise', inputs: { noise_seed: 7 } },
    3: { class_type: 'BasicGuider', inputs: { conditioning: ['7', 0] } },
    4: { class_type: 'KSamplerSelect', inputs: { sampler_name: 'euler' } },
    5: { class_type: 'BasicScheduler', inputs: { steps: 20, scheduler: 'simple', denoise: 1 } },
    6: { class_type: 'EmptySD3LatentImage', inputs: { width: 512, height: 768 } },
    7: { class_type: 'FluxGuidance', inputs: { guidance: 5, conditioning: ['8', 0] } },
    8: { class_type: 'CLIPTextEncodeFlux', inputs: { t5xxl: 'a cat', clip_l: '' } },
  };
  const { negative: _none, ...rest } = all;
  expect(read({ prompt: flux })).toMatchObject({ tool: 'ComfyUI', request: rest });
});

it('says what cannot be restored', () => {
  const notes = read({ parameters: a1111 })?.notes.join(' ') ?? '';
  for (const part of ['"m"', '"Euler a"', '"fur"', 'same seed']) expect(notes).toContain(part);
});

it('survives hostile files', () => {
  const cycle = {
    1: {
      class_type: 'KSampler',
      inputs: { seed: 1, positive: ['2', 0], negative: ['1', 0], latent_image: ['1', 0], steps: ['2', 0] },
    },
    2: { class_type: 'CLIPTextEncode', inputs: { text: ['3', 0] } },
    3: { class_type: 'X', inputs: { text: ['2', 0] } },
  };
  expect(read({ prompt: cycle })?.request).toEqual({ seed: 1 });
  for (const text of [
    '['.repeat(900_000),
    '{"a":'.repeat(100_000),
    'x'.repeat(1 << 21),
    '"'.repeat(500_000),
    '{"__proto__":{"class_type":"KSampler","inputs":{}}}',
    '{"1":{"class_type":"constructor","inputs":{"seed":1}}}',
  ])
    for (const keyword of [
      'parameters',
      'prompt',
      'invokeai_metadata',
      'sd-metadata',
      'Dream',
      'Comment',
      'attune',
      'XML:com.adobe.xmp',
    ]) {
      expect(read({ [keyword]: text, Software: 'NovelAI' })?.request ?? {}).toEqual({});
    }
  expect(
    read({
      prompt:
        '{"__proto__":{"class_type":"KSampler","inputs":{"seed":3,"positive":["toString",0],"latent_image":["__proto__",0]}}}',
    })?.request,
  ).toEqual({ seed: 3 });
  expect(
    read({ parameters: a1111.replace('Seed: 7', 'Seed: 18446744073709551615').replace('512x768', '999999x1') })
      ?.request,
  ).not.toHaveProperty('size');
  expect(importMetadata(new Uint8Array(0), 'x')).toBeUndefined();
});
