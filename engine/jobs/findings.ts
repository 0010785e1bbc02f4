import { AttuneError } from '../base/errors.ts';
import type { FamilyFinding, FamilyHook } from '../checkpoint/inspect.ts';
import type { Autoencoder, Denoiser, TextEncoder, VideoAutoencoder } from '../family.ts';
import type { Families } from '../pipeline/model.ts';
import { DEFAULT_VIDEO_TILING } from '../pipeline/videobatches.ts';

/** What the families know of a component, for `inspect`: which one runs it, what it lacks, what a run at its own size needs. */
export function findFamily(component: Parameters<FamilyHook>[0], families: Families): FamilyFinding | undefined {
  const denoiser = families.denoisers.find((family) => family.detect(component));
  if (denoiser !== undefined) return finding(denoiser.id, () => denoiserBytes(denoiser.open(component)));
  const encoder = families.textEncoders.find((family) => family.detect(component));
  if (encoder !== undefined) return finding(encoder.id, () => encoderBytes(encoder.open(component)));
  const autoencoder = families.autoencoders.find((family) => family.detect(component));
  if (autoencoder !== undefined) return finding(autoencoder.id, () => autoencoderBytes(autoencoder.open(component)));
  const video = families.videoAutoencoders.find((family) => family.detect(component));
  if (video !== undefined) return finding(video.id, () => videoAutoencoderBytes(video.open(component)));
  return undefined;
}

function finding(family: string, activationBytes: () => number): FamilyFinding {
  try {
    return { family, missingTensors: [], activationBytes: activationBytes() };
  } catch (error) {
    if (!(error instanceof AttuneError) || error.kind !== 'checkpoint-incomplete') throw error;
    // The family stops at its first missing tensor; naming that one is enough to say that the download is broken.
    return { family, missingTensors: error.where.tensor === undefined ? [] : [error.where.tensor] };
  }
}

/** Rows of a guided step, and the tokens of a CLIP and a T5 prompt together: the usual job. */
const ROWS = 2;
const TEXT_TOKENS = 333;
/** Latent frames of an odd number, as all published videos have: the first batch is the largest. */
const WHOLE_VIDEO = 13;

function denoiserBytes(denoiser: Denoiser): number {
  if (denoiser.video !== undefined) {
    const { sample, patchFrames, textTokens } = denoiser.video;
    const frames = Math.ceil(sample.frames / patchFrames) * patchFrames;
    return denoiser.activationBytes({ batch: ROWS, ...sample, frames, textTokens });
  }
  const side = Math.min(denoiser.maxLatentSide, 128);
  return denoiser.activationBytes({ batch: ROWS, height: side, width: side, textTokens: TEXT_TOKENS });
}

function encoderBytes(encoder: TextEncoder): number {
  return encoder.activationBytes({ batch: 1, tokens: Math.min(256, encoder.maxTokens) });
}

function autoencoderBytes(autoencoder: Autoencoder): number {
  return autoencoder.decoderActivationBytes({ batch: 1, height: 128, width: 128 });
}

function videoAutoencoderBytes(autoencoder: VideoAutoencoder): number {
  const { cells } = DEFAULT_VIDEO_TILING;
  const [frames = 1] = autoencoder.decoderBatches(WHOLE_VIDEO);
  return autoencoder.decoderActivationBytes({ batch: 1, frames, height: cells, width: cells, follows: false });
}
