import type { Autoencoder, Denoiser, NetworkFamily, TextEncoder, VideoAutoencoder } from '../engine/family.ts';
import { autoencoderKl } from './autoencoder-kl.ts';
import { autoencoderKlCogVideoX } from './autoencoder-kl-cogvideox.ts';
import { clipText } from './clip-text.ts';
import { cogVideoX } from './cogvideox.ts';
import { sd3 } from './sd3.ts';
import { t5Encoder } from './t5-encoder.ts';

/** Every network family Attune runs, by what it does in a pipeline. Adding one is a file and a line. */
export const denoisers: readonly NetworkFamily<Denoiser>[] = [cogVideoX, sd3];
export const textEncoders: readonly NetworkFamily<TextEncoder>[] = [clipText, t5Encoder];
export const autoencoders: readonly NetworkFamily<Autoencoder>[] = [autoencoderKl];
export const videoAutoencoders: readonly NetworkFamily<VideoAutoencoder>[] = [autoencoderKlCogVideoX];
