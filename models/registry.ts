import type { Autoencoder, Denoiser, NetworkFamily, TextEncoder, VideoAutoencoder } from '../engine/family.ts';
import { autoencoderKl } from './autoencoder-kl.ts';
import { autoencoderKlCogVideoX } from './autoencoder-kl-cogvideox.ts';
import { clipText } from './clip-text.ts';
import { cogVideoX } from './cogvideox.ts';
import { flux } from './flux/transformer.ts';
import { readingAll } from './layers/leftover.ts';
import { sd3 } from './sd3.ts';
import { t5Encoder } from './t5-encoder.ts';

/** Every network family Attune runs, by what it does in a pipeline. Adding one is a file and a line. */
export const denoisers: readonly NetworkFamily<Denoiser>[] = [cogVideoX, sd3].map(readingAll);
/** Networks that no pipeline feeds yet. The engine is not given them, so their checkpoints are refused by name. */
export const denoisersWithoutPipeline: readonly NetworkFamily<Denoiser>[] = [flux].map(readingAll);
export const textEncoders: readonly NetworkFamily<TextEncoder>[] = [clipText, t5Encoder].map(readingAll);
export const autoencoders: readonly NetworkFamily<Autoencoder>[] = [autoencoderKl].map(readingAll);
export const videoAutoencoders: readonly NetworkFamily<VideoAutoencoder>[] = [autoencoderKlCogVideoX].map(readingAll);
