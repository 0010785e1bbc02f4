import { AttuneError } from '../base/errors.ts';
import { openModelFolder } from '../checkpoint/folder.ts';
import type { Autoencoder, Denoiser, VideoAutoencoder, VideoDenoiser } from '../family.ts';
import type { TensorRuntime } from '../ports.ts';
import { type ModelDefaults, readModelDefaults } from './defaults.ts';
import { type Families, familyOf, type OpenCheckpoint, openCheckpoint } from './model.ts';

/** What codes frames: an autoencoder of videos, or one of pictures that takes each frame by itself. */
export type FrameCoder =
  | { readonly kind: 'video'; readonly autoencoder: VideoAutoencoder }
  | { readonly kind: 'pictures'; readonly autoencoder: Autoencoder };

/** What a request for a video takes where it says nothing. */
export interface VideoDefaults extends Omit<ModelDefaults, 'size'> {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** What the network makes at once. */
  readonly frames: number;
  readonly fps: number;
}

/** Frames a second of published models: CogVideoX 8, those of 1.5, which join two latent frames to one token, 16. */
const PUBLISHED_FPS = 8;

/** A checkpoint of videos, opened down to the headers of its weight files; sessions are made when they are first needed. */
export interface VideoModel extends OpenCheckpoint {
  readonly denoiser: VideoDenoiser;
  readonly coder: FrameCoder;
  readonly defaults: VideoDefaults;
}

/** As `openModel`, for a folder whose transformer makes videos; its vae may be one of pictures. */
export function openVideoModel(folder: string, name: string, families: Families, runtime: TensorRuntime): VideoModel {
  const files = openModelFolder(folder);
  const [transformer, vae] = [files.open('transformer'), files.open('vae')];
  const denoiser = familyOf(transformer, families.denoisers).open(transformer);
  if (!isVideoDenoiser(denoiser))
    throw new AttuneError('checkpoint-unsupported', `${name} makes pictures; choose a model that makes videos here.`, {
      file: transformer.config.file,
    });
  const video = families.videoAutoencoders.find((family) => family.detect(vae));
  const coder: FrameCoder =
    video === undefined
      ? { kind: 'pictures', autoencoder: familyOf(vae, families.autoencoders).open(vae) }
      : { kind: 'video', autoencoder: video.open(vae) };
  const { sample, patchFrames } = denoiser.video;
  const { downscale, latentChannels } = coder.autoencoder;
  if (latentChannels !== denoiser.latentChannels)
    throw new AttuneError(
      'checkpoint-malformed',
      `The vae of ${folder} has ${latentChannels} latent channels, the transformer ${denoiser.latentChannels}. Take both from one checkpoint.`,
      { file: vae.config.file, field: 'latent_channels' },
    );
  const { size: _side, ...own } = readModelDefaults(folder, denoiser.family, 0);
  return {
    ...openCheckpoint(files, { name, folder, transformer, vae }, families, runtime),
    denoiser,
    coder,
    defaults: {
      width: sample.width * downscale,
      height: sample.height * downscale,
      frames: (sample.frames - 1) * frameScaleOf(coder) + 1,
      fps: PUBLISHED_FPS * patchFrames,
      ...own,
    },
  };
}

/** Frames of a latent frame after the first. */
export function frameScaleOf(coder: FrameCoder): number {
  return coder.kind === 'video' ? coder.autoencoder.frameScale : 1;
}

/** Whether a network makes videos. */
export function isVideoDenoiser(denoiser: Denoiser): denoiser is VideoDenoiser {
  return denoiser.video !== undefined;
}
