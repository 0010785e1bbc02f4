import type { Autoencoder, NetworkFamily, PipelineFamily, TextEncoder, Upscaler } from '../engine/family.ts';
import { autoencoderKlCogVideoX } from './cogvideox/autoencoder.ts';
import { cogVideoX } from './cogvideox/family.ts';
import { flux } from './flux/family.ts';
import { readingAll, readingAllOf } from './layers/leftover.ts';
import { sd3 } from './sd3/family.ts';
import { clipText } from './text/clip-text.ts';
import { t5Encoder } from './text/t5-encoder.ts';
import { rrdbNet } from './upscale/rrdb.ts';
import { srvggNet } from './upscale/srvgg.ts';
import { autoencoderKl } from './vae/autoencoder-kl.ts';

/** Every family of checkpoints Attune runs. Adding one is a folder and a line. */
export const pipelines: readonly PipelineFamily[] = [cogVideoX, flux, sd3].map(readingAllOf);

/** Networks that families share. */
export const textEncoders: readonly NetworkFamily<TextEncoder>[] = [clipText, t5Encoder].map(readingAll);
export const autoencoders: readonly NetworkFamily<Autoencoder>[] = [autoencoderKlCogVideoX, autoencoderKl].map(
  readingAll,
);

export const upscalers: readonly NetworkFamily<Upscaler>[] = [srvggNet, rrdbNet].map(readingAll);
