import {
  decodeOnCanvas,
  encodeOnCanvas,
  firstActiveStep,
  noiseSource,
  renoise,
  runEulerLoop,
} from '../../../engine/index.ts';
import { type BenchMethod, plain, sourceOf } from './method.ts';
import { levelsOf, openCanvas, velocityOf } from './sampling.ts';

/** As many as the editing methods take on this checkpoint. */
const STEPS = 28;

/** SDEdit (Meng et al., arXiv 2108.01073): noise the source to a level and sample the new prompt from there. For files. */
export const sdedit = (strength: number): BenchMethod => ({
  name: `sdedit ${strength.toFixed(2)}`,
  kind: 'reference',
  family: 'sdedit',
  appliesTo: ({ id }, sourceKind) => sourceKind === 'files' && id !== 'T6',
  async run(stage) {
    const { engine, item } = stage;
    const source = sourceOf(stage);
    const { model, canvas } = openCanvas(engine, source);
    const { data: clean } = await encodeOnCanvas(model, canvas, source);
    const sigmas = levelsOf(engine, canvas, STEPS);
    const start = firstActiveStep(STEPS, Math.round(strength * STEPS));
    const noise = noiseSource(item.seed, clean.length, 'initial')(0);
    const velocity = await velocityOf(engine, canvas, item.to[0] ?? '');
    const latent = await runEulerLoop({
      latent: renoise(clean, noise, sigmas[start] ?? 1),
      sigmas,
      start,
      velocity: ({ latent: state, sigma }) => velocity(state, sigma),
    });
    return [plain(await decodeOnCanvas(model, canvas, latent))];
  },
});
