import { expect, test } from 'vitest';
import { pipelines } from '../../models/registry.ts';
import { foreignForm as formOf } from './foreign.ts';

const foreignForm = (names: readonly string[]) => formOf(names, pipelines);

test.each([
  ['sd3-single-file', 'joint_blocks.0.context_block.adaLN_modulation.1.bias'],
  ['flux-single-file', 'double_blocks.0.img_attn.norm.key_norm.scale'],
  ['flux2-single-file', 'single_stream_modulation.lin.weight'],
  ['sd1-single-file', 'output_blocks.11.0.skip_connection.weight'],
])('%s is recognised bare and inside a checkpoint', (id, key) => {
  expect(foreignForm([key])?.id).toBe(id);
  expect(foreignForm(['other', `model.diffusion_model.${key}`])?.id).toBe(id);
});

test('the narrower form wins: SD3.5 large has the keys of SD3 too, FLUX.2 may have those of FLUX.1', () => {
  const sd3 = 'joint_blocks.0.context_block.adaLN_modulation.1.bias';
  expect(foreignForm([sd3, 'joint_blocks.37.x_block.mlp.fc1.weight'])?.id).toBe('sd3.5-large-single-file');
  const flux = 'double_blocks.0.img_attn.norm.key_norm.scale';
  expect(foreignForm([flux, 'single_stream_modulation.lin.weight'])?.id).toBe('flux2-single-file');
  expect(foreignForm([flux, 'distilled_guidance_layer.in_proj.weight'])?.id).toBe('chroma-single-file');
});

test('Stable Diffusion XL and LoRA files are told by prefixes', () => {
  expect(foreignForm(['conditioner.embedders.1.model.ln_final.weight'])?.id).toBe('sdxl-single-file');
  expect(foreignForm(['lora_unet_down_blocks_0.lora_down.weight'])?.id).toBe('lora');
  expect(foreignForm(['transformer.blocks.0.attn.to_q.lora_A.weight'])?.id).toBe('lora');
});

test('what else a file carries is listed, and a file of parts alone is one', () => {
  const parts = [
    'text_encoders.clip_l.transformer.x',
    'text_encoders.clip_g.transformer.x',
    'text_encoders.t5xxl.transformer.x',
    'first_stage_model.x',
  ];
  expect(foreignForm(['joint_blocks.0.context_block.adaLN_modulation.1.bias', ...parts])?.parts).toEqual([
    'CLIP-L',
    'CLIP-G',
    'T5',
    'VAE',
  ]);
  expect(foreignForm(['vae.decoder.x'])).toMatchObject({ id: 'parts-single-file', title: 'VAE in a single file' });
});

test('what no family runs is told with what is run', () => {
  const advice = foreignForm(['single_stream_modulation.lin.weight'])?.advice;
  expect(advice).toBe(`Attune does not run FLUX.2; it runs ${pipelines.map(({ title }) => title).join(', ')}.`);
});

test('every form says what to do in a sentence, and an unknown file is not claimed', () => {
  expect(foreignForm(['joint_blocks.0.context_block.adaLN_modulation.1.bias'])?.advice).toMatch(
    /model_index\.json.*\.$/,
  );
  expect(foreignForm(['transformer_blocks.0.attn.to_q.weight'])).toBeUndefined();
  expect(foreignForm([])).toBeUndefined();
});
