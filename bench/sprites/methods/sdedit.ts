import { type BenchMethod, CHECKPOINT, plain, sourceOf } from './method.ts';

/** As many as the editing methods take on this checkpoint. */
const STEPS = 28;

/** The product's SDEdit at a strength: noise the source to a level and sample the new prompt from there. For files. */
export const sdedit = (strength: number): BenchMethod => ({
  name: `sdedit ${strength.toFixed(2)}`,
  kind: 'reference',
  family: 'sdedit',
  appliesTo: ({ id }, sourceKind) => sourceKind === 'files' && id !== 'T6',
  async run(stage) {
    const { engine, item } = stage;
    const request = {
      method: 'sdedit',
      checkpoint: CHECKPOINT,
      prompt: item.to[0] ?? '',
      seed: item.seed,
      steps: STEPS,
      params: { strength },
    };
    return (await engine.run(request, { source: sourceOf(stage) })).unpasted.map(plain);
  },
});
