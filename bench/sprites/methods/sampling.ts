import {
  canvasOf,
  decodeOnCanvas,
  type Engine,
  encodeOnCanvas,
  encodePrompt,
  flowLevels,
  openBranches,
  type Pixels,
} from '../../../engine/index.ts';
import { CHECKPOINT } from './method.ts';

/** Plain sampling on the embedded checkpoint for the reference methods, built from the engine's own parts. */

type Canvas = ReturnType<typeof canvasOf>;
type Velocity = (latent: Float32Array, sigma: number) => Promise<Float32Array>;

/** The source through the autoencoder and back. */
export async function reconstruct(engine: Engine, source: Pixels): Promise<Pixels> {
  const { model, canvas } = openCanvas(engine, source);
  return decodeOnCanvas(model, canvas, (await encodeOnCanvas(model, canvas, source)).data);
}

export function openCanvas(engine: Engine, picture: Pixels): { model: ReturnType<Engine['model']>; canvas: Canvas } {
  const model = engine.model(CHECKPOINT);
  return { model, canvas: canvasOf(model, picture) };
}

/** Velocity of a prompt with the checkpoint's guidance, one latent at a time. */
export async function velocityOf(engine: Engine, canvas: Canvas, prompt: string): Promise<Velocity> {
  const model = engine.model(CHECKPOINT);
  const condition = await encodePrompt(model, prompt);
  const negative = await encodePrompt(model, '');
  const branches = await openBranches(model, {
    branches: [{ name: 'target', condition, negative, guidance: model.defaults.guidance }],
    height: canvas.rows,
    width: canvas.columns,
  });
  return async (latent, sigma) => (await branches.run({ latents: [latent], sigma })).velocities[0] ?? latent;
}

/** Levels of a run with the checkpoint's own number of steps, or another. */
export function levelsOf(engine: Engine, canvas: Canvas, steps?: number): Float32Array {
  const model = engine.model(CHECKPOINT);
  return flowLevels(model, steps ?? model.defaults.steps, canvas).sigmas;
}
