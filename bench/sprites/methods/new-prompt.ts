import { type BenchMethod, CHECKPOINT, plain } from './method.ts';

/** For pictures the model made itself: the new prompt from the same noise. */
export const newPrompt: BenchMethod = {
  name: 'new prompt, same seed',
  kind: 'reference',
  appliesTo: (_, sourceKind) => sourceKind === 'own',
  async run({ engine, item }) {
    const request = { method: 'generate', checkpoint: CHECKPOINT, prompt: item.to[0] ?? '', seed: item.seed };
    return (await engine.run(request, {})).unpasted.map(plain);
  },
};
