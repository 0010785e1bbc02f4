import {
  decodeFrames,
  type Engine,
  encodeFrames,
  encodePrompt,
  type LatentSize,
  latentOf,
  latentSizeOf,
  openBranches,
  outputOf,
  type Pixels,
  schedule,
} from '../../../engine/index.ts';
import { CHECKPOINT } from './method.ts';

/** Plain sampling on the embedded checkpoint for the reference methods, built from the engine's own parts. */

type Model = ReturnType<Engine['model']>;
type Velocity = (latent: Float32Array, sigma: number) => Promise<Float32Array>;

/** The source through the autoencoder and back. */
export async function reconstruct(engine: Engine, source: Pixels): Promise<Pixels> {
  const { model, size } = openSize(engine, source);
  return decodePicture(model, size, await encodeFrames(model, size, [source]));
}

export function openSize(engine: Engine, { width, height }: Pixels): { model: Model; size: LatentSize } {
  const model = engine.model(CHECKPOINT);
  return { model, size: latentSizeOf(model, { width, height, frames: 1 }) };
}

export async function decodePicture(model: Model, size: LatentSize, latent: Float32Array): Promise<Pixels> {
  for await (const frame of decodeFrames(model, size, latentOf(size, latent))) return frame;
  throw new Error('no frame was decoded');
}

/** Velocity of a prompt with the checkpoint's guidance, one latent at a time. */
export async function velocityOf(engine: Engine, size: LatentSize, prompt: string): Promise<Velocity> {
  const model = engine.model(CHECKPOINT);
  const condition = await encodePrompt(model, prompt);
  const negative = await encodePrompt(model, '');
  const branches = await openBranches(model, {
    branches: [{ name: 'target', condition, negative, guidance: model.defaults.guidance }],
    frames: size.totalFrames,
    height: size.rows,
    width: size.columns,
  });
  const { timestepAt } = schedule(model, size, model.defaults.steps);
  if (timestepAt === undefined) throw new Error('the embedded checkpoint is a flow model');
  return async (latent, sigma) => outputOf(await branches.run({ latents: [latent], timestep: timestepAt(sigma) }), 0);
}

/** Levels of a run with the checkpoint's own number of steps. */
export function levelsOf(engine: Engine, size: LatentSize): Float32Array {
  const model = engine.model(CHECKPOINT);
  const { sigmas } = schedule(model, size, model.defaults.steps);
  if (sigmas === undefined) throw new Error('the embedded checkpoint is a flow model');
  return sigmas;
}
