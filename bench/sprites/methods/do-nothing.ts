import { type BenchMethod, plain, sourceOf } from './method.ts';
import { reconstruct } from './sampling.ts';

/** The source, encoded and decoded: what no edit at all scores. */
export const doNothing: BenchMethod = {
  name: 'do nothing',
  kind: 'reference',
  appliesTo: (_, sourceKind) => sourceKind !== 'none',
  run: async (stage) => [plain(await reconstruct(stage.engine, sourceOf(stage)))],
};
