import { AttuneError } from '../base/errors.ts';
import type { FamilyFinding, FamilyHook } from '../checkpoint/inspect.ts';
import type { Autoencoder, Denoiser, TextEncoder } from '../family.ts';
import type { Families } from '../model/model.ts';

/** What the families know of a component, for `inspect`: which one runs it, what it lacks, what a run at its own size needs. */
export function findFamily(component: Parameters<FamilyHook>[0], families: Families): FamilyFinding | undefined {
  const pipeline = families.pipelines.find(({ denoiser }) => denoiser.detect(component));
  if (pipeline !== undefined) return finding(pipeline.id, () => denoiserBytes(pipeline.denoiser.open(component)));
  const encoder = families.textEncoders.find((family) => family.detect(component));
  if (encoder !== undefined) return finding(encoder.id, () => encoderBytes(encoder.open(component)));
  const autoencoder = families.autoencoders.find((family) => family.detect(component));
  if (autoencoder !== undefined) return finding(autoencoder.id, () => autoencoderBytes(autoencoder.open(component)));
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
/** Latent pixels along each side. */
const LARGEST_SIDE = 128;
/** Latent frames of an odd number, as all published videos have: the first batch is the largest. */
const WHOLE_VIDEO = 13;

function denoiserBytes(denoiser: Denoiser): number {
  const { sample, temporalPatchSize, maxLatentSide } = denoiser;
  const frames = Math.ceil(sample.frames / temporalPatchSize) * temporalPatchSize;
  const side = Math.min(maxLatentSide, LARGEST_SIDE);
  const plane = frames === 1 ? { height: side, width: side } : sample;
  return denoiser.activationBytes({ batch: ROWS, ...plane, frames, textTokens: TEXT_TOKENS });
}

function encoderBytes(encoder: TextEncoder): number {
  return encoder.activationBytes({ batch: 1, tokens: Math.min(256, encoder.maxTokens) });
}

function autoencoderBytes(autoencoder: Autoencoder): number {
  const side = autoencoder.tiling.size;
  const [frames = 1] = autoencoder.decoderBatches(WHOLE_VIDEO);
  return autoencoder.decoderActivationBytes({ batch: 1, frames, height: side, width: side, follows: false });
}
