import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './checkpoint-files.ts';
import { tokenizerOf } from './tiny-model.ts';
import { tinyAutoencoder, tinyClip, tinyFlux, tinyT5, writeNetwork } from './tiny-networks.ts';

/**
 * Writes a whole checkpoint in the layout of FLUX.1 dev (or schnell) with random weights and gives its path; gone when the test has ended.
 * Its words are those of `tiny-model.ts`.
 */
export function writeTinyFluxModel({ guided = true }: { readonly guided?: boolean } = {}): string {
  const folder = folderOf({
    'model_index.json': {
      _class_name: 'FluxPipeline',
      scheduler: ['diffusers', 'FlowMatchEulerDiscreteScheduler'],
      text_encoder: ['transformers', 'CLIPTextModel'],
      text_encoder_2: ['transformers', 'T5EncoderModel'],
      tokenizer: ['transformers', 'CLIPTokenizer'],
      tokenizer_2: ['transformers', 'T5TokenizerFast'],
      transformer: ['diffusers', 'FluxTransformer2DModel'],
      vae: ['diffusers', 'AutoencoderKL'],
    },
    'scheduler/scheduler_config.json': {
      _class_name: 'FlowMatchEulerDiscreteScheduler',
      ...(guided
        ? { shift: 3, use_dynamic_shifting: true, base_image_seq_len: 256, max_image_seq_len: 4096 }
        : { shift: 1, use_dynamic_shifting: false }),
    },
    'tokenizer/tokenizer.json': tokenizerOf('clip'),
    'tokenizer_2/tokenizer.json': tokenizerOf('t5'),
  });
  const networks = {
    transformer: tinyFlux({ guided, textHiddenSize: 24, pooledWidth: 16 }),
    vae: tinyAutoencoder(),
    text_encoder: tinyClip({ projects: false }),
    text_encoder_2: tinyT5({ width: 24 }),
  };
  Object.entries(networks).forEach(([name, network], seed) => {
    cpSync(writeNetwork(network, seed + 1), join(folder, name), { recursive: true });
  });
  return folder;
}
