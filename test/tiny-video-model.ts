import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { EditRequest } from '../contract/index.ts';
import type { Engine, Pixels, RunMedia, RunOptions, RunResult } from '../engine/index.ts';
import { folderOf } from './checkpoint-files.ts';
import { tokenizerOf } from './tiny-model.ts';
import {
  tinyAutoencoder,
  tinyClip,
  tinyCogVideoX,
  tinyT5,
  tinyVideoAutoencoder,
  writeNetwork,
} from './tiny-networks.ts';

/** A whole checkpoint in the layout of CogVideoX, with random weights. Its words are those of `tiny-model.ts`. */
export interface TinyVideoModel {
  /** `sincos` is 2b, `rotary` 5b, `spanning` 1.5. */
  readonly form?: 'sincos' | 'rotary' | 'spanning';
  /** What codes frames: an autoencoder of videos (two frames to a latent one), or one of pictures. */
  readonly vae?: 'video' | 'pictures';
  /** What reads prompts: T5 as published, or CLIP as the embedded model has it. */
  readonly reader?: 't5' | 'clip';
  readonly scheduler?: 'CogVideoXDDIMScheduler' | 'CogVideoXDPMScheduler' | 'LCMScheduler';
  /** Content of attune.json. */
  readonly settings?: object;
}

const TEXT_WIDTH = 16;
const TEXT_TOKENS = 8;

/** Writes the folder and gives its path; gone when the test has ended. Clips are 12x8, of 3 latent frames unless `settings` differ. */
export function writeTinyVideoModel({
  form = 'sincos',
  vae = 'pictures',
  reader = 'clip',
  scheduler = 'CogVideoXDDIMScheduler',
  settings,
}: TinyVideoModel = {}): string {
  const isT5 = reader === 't5';
  const folder = folderOf({
    'model_index.json': {
      _class_name: 'CogVideoXPipeline',
      scheduler: ['diffusers', scheduler],
      text_encoder: ['transformers', isT5 ? 'T5EncoderModel' : 'CLIPTextModelWithProjection'],
      tokenizer: ['transformers', isT5 ? 'T5TokenizerFast' : 'CLIPTokenizer'],
      transformer: ['diffusers', 'CogVideoXTransformer3DModel'],
      vae: ['diffusers', vae === 'video' ? 'AutoencoderKLCogVideoX' : 'AutoencoderKL'],
    },
    'scheduler/scheduler_config.json': {
      _class_name: scheduler,
      num_train_timesteps: 1000,
      prediction_type: 'v_prediction',
      rescale_betas_zero_snr: true,
      snr_shift_scale: 1,
      timestep_spacing: 'trailing',
    },
    'tokenizer/tokenizer.json': tokenizerOf(reader),
    ...(settings === undefined ? {} : { 'attune.json': settings }),
  });
  const networks = {
    transformer: tinyCogVideoX(form, {
      textHiddenSize: TEXT_WIDTH,
      textTokens: TEXT_TOKENS,
      frameScale: vae === 'video' ? 2 : 1,
    }),
    vae: vae === 'video' ? tinyVideoAutoencoder() : tinyAutoencoder(),
    text_encoder: isT5 ? tinyT5({ width: TEXT_WIDTH }) : tinyClip(),
  };
  Object.entries(networks).forEach(([name, network], seed) => {
    cpSync(writeNetwork(network, seed + 1), join(folder, name), { recursive: true });
  });
  return folder;
}

/** What a run handed out, with the frames that its sink took. */
export interface Filmed extends RunResult {
  readonly pixels: readonly Pixels[];
}

/** Runs a request with everything that a test does not care about filled in, and keeps the frames. */
export async function film(
  engine: Engine,
  asked: Partial<EditRequest> & Pick<EditRequest, 'method' | 'checkpoint'>,
  media: RunMedia = {},
  options: Omit<RunOptions, 'onFrame'> = {},
): Promise<Filmed> {
  const pixels: Pixels[] = [];
  const request = { prompt: asked.segments === undefined ? 'a red apple' : '', seed: 1, steps: 4, guidance: 3 };
  const result = await engine.run({ ...request, ...asked }, media, {
    ...options,
    onFrame: (frame, index) => {
      if (index !== pixels.length) throw new Error(`frame ${index} came after ${pixels.length} others`);
      pixels.push(frame);
    },
  });
  return { ...result, pixels };
}
