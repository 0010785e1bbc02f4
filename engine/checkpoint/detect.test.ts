import { expect, test } from 'vitest';
import { folderOf, type Shapes, tensorsOf } from '../../test/checkpoint-files.ts';
import { componentClass, countLayers } from './detect.ts';
import { openComponent } from './folder.ts';

const component = (shapes: Shapes, config: object = {}) =>
  openComponent(folderOf({ 'config.json': config, 'model.safetensors': tensorsOf(shapes) }));
const CLIP: Shapes = {
  'text_model.embeddings.token_embedding.weight': [2, 2],
  'text_model.final_layer_norm.weight': [2],
};

test('the class of a component is told by names and ranks, whatever its config says', () => {
  const classOf = (shapes: Shapes) =>
    componentClass(component(shapes, { _class_name: 'AutoencoderKL' }).weights)?.className;
  expect(classOf(CLIP)).toBe('CLIPTextModel');
  expect(classOf({ ...CLIP, 'text_projection.weight': [2, 2] })).toBe('CLIPTextModelWithProjection');
  expect(
    classOf({ 'text_model.embeddings.token_embedding.weight': [4], 'text_model.final_layer_norm.weight': [2] }),
  ).toBeUndefined();
  expect(
    classOf({ 'down_blocks.0.resnets.0.conv1.weight': [1, 1, 1, 1], 'time_embedding.linear_1.weight': [1, 1] }),
  ).toBe('UNet2DConditionModel');
  expect(classOf({ other: [1] })).toBeUndefined();
});

test('FLUX.1 is not confused with Chroma, whose blocks have the same names', () => {
  const blocks: Shapes = {
    'x_embedder.weight': [2, 2],
    'context_embedder.weight': [2, 2],
    'single_transformer_blocks.0.proj_mlp.weight': [8, 2],
  };
  const flux: Shapes = { ...blocks, 'time_text_embed.text_embedder.linear_1.weight': [2, 2] };
  const chroma: Shapes = { ...blocks, 'distilled_guidance_layer.in_proj.weight': [2, 2] };
  expect(componentClass(component(flux).weights)?.className).toBe('FluxTransformer2DModel');
  expect(componentClass(component(chroma).weights)).toBeUndefined();
});

test('layers are counted by the highest number under a prefix', () => {
  const { weights } = component({
    'blocks.0.a': [1],
    'blocks.11.a': [1],
    'blocks.x.a': [1],
    'blocksx.40.a': [1],
    'blocks.99': [1],
  });
  expect(countLayers(weights, 'blocks')).toBe(12);
  expect(countLayers(weights, 'other')).toBe(0);
});
