import {
  canvasOf,
  decodeOnCanvas,
  type Engine,
  encodeOnCanvas,
  encodePrompt,
  firstActiveStep,
  flowLevels,
  noiseSource,
  openBranches,
  type Pixels,
  renoise,
  runEulerLoop,
} from '../../engine/index.ts';
import type { EditCase } from './cases.ts';
import type { World } from './world.ts';

/** One way of doing an edit, with its settings. */
export interface Contender {
  readonly name: string;
  /** The picture as the network made it, before anything is pasted. */
  edit(engine: Engine, edit: EditCase, source: Pixels): Promise<Pixels>;
}

export interface Settings {
  readonly steps?: number;
  readonly guidance?: number;
  readonly params?: Readonly<Record<string, number | boolean | string>>;
}

const CHECKPOINT = 'embedded/image';

/** A method of the product, run as a user runs it. */
export function productMethod(method: string, settings: Settings = {}, name = method): Contender {
  return {
    name,
    async edit(engine, { from, to, seed }, source) {
      const request = { method, checkpoint: CHECKPOINT, prompt: to, sourcePrompt: from, seed, ...settings };
      return (await engine.run(request, { source })).unpasted;
    },
  };
}

/** The source, encoded and decoded: what no edit at all scores. */
export const doNothing: Contender = { name: 'do nothing', edit: (engine, _, source) => reconstruct(engine, source) };

/** The true target through the codec: the most that any method can score. */
export const trueTarget = (world: World): Contender => ({
  name: 'true target, coded',
  edit: (engine, { target }) => reconstruct(engine, world.render(target)),
});

/** The source through the codec and back. */
export async function reconstruct(engine: Engine, source: Pixels): Promise<Pixels> {
  const model = engine.model(CHECKPOINT);
  const canvas = canvasOf(model, source);
  return decodeOnCanvas(model, canvas, (await encodeOnCanvas(model, canvas, source)).data);
}

/** SDEdit (Meng et al., arXiv 2108.01073): noise the source to a level and sample the new prompt from there. */
export function sdedit(strength: number, { steps = 28, guidance = 3 }: Settings = {}): Contender {
  return {
    name: `sdedit ${strength.toFixed(2)}`,
    async edit(engine, { to, seed }, source) {
      const model = engine.model(CHECKPOINT);
      const canvas = canvasOf(model, source);
      const { data: clean } = await encodeOnCanvas(model, canvas, source);
      const { sigmas } = flowLevels(model, steps, canvas);
      const start = firstActiveStep(steps, Math.round(strength * steps));
      const noise = noiseSource(seed, clean.length, 'initial')(0);
      return sampleTarget(engine, to, guidance, sigmas, start, renoise(clean, noise, sigmas[start] ?? 1), canvas);
    },
  };
}

/** For pictures the model made itself: the new prompt from the same initial noise. */
export const newPromptSameSeed: Contender = {
  name: 'new prompt, same seed',
  async edit(engine, { to, seed }, source) {
    const model = engine.model(CHECKPOINT);
    const canvas = canvasOf(model, source);
    const { sigmas } = flowLevels(model, model.defaults.steps, canvas);
    return sampleTarget(
      engine,
      to,
      model.defaults.guidance,
      sigmas,
      0,
      noiseSource(seed, canvas.latentLength, 'initial')(0),
      canvas,
    );
  },
};

async function sampleTarget(
  engine: Engine,
  prompt: string,
  guidance: number,
  sigmas: Float32Array,
  start: number,
  latent: Float32Array,
  canvas: ReturnType<typeof canvasOf>,
): Promise<Pixels> {
  const model = engine.model(CHECKPOINT);
  const branches = await openBranches(model, {
    branches: [
      {
        name: 'target',
        condition: await encodePrompt(model, prompt),
        negative: await encodePrompt(model, ''),
        guidance,
      },
    ],
    height: canvas.rows,
    width: canvas.columns,
  });
  const edited = await runEulerLoop({
    latent,
    sigmas,
    start,
    velocity: async ({ latent: state, sigma }) =>
      (await branches.run({ latents: [state], sigma })).velocities[0] ?? state,
  });
  return decodeOnCanvas(model, canvas, edited);
}
