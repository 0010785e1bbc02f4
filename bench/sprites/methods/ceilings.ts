import type { BenchMethod } from './method.ts';
import { plain } from './method.ts';
import { reconstruct } from './sampling.ts';

/** True pictures of what was asked: what the judges can give at most. */

/** The judges' own ceiling. */
export const trueTarget: BenchMethod = {
  name: 'true target',
  kind: 'ceiling',
  appliesTo: (_, sourceKind) => sourceKind !== 'own',
  run: async ({ world, item }) => item.targets.map((target) => plain(world.render(target))),
};

/** The same through the autoencoder: the most that a method in its latents can reach. */
export const codedTarget: BenchMethod = {
  name: 'true target, coded',
  kind: 'ceiling',
  appliesTo: (_, sourceKind) => sourceKind !== 'own',
  run: ({ engine, world, item }) =>
    Promise.all(item.targets.map(async (target) => plain(await reconstruct(engine, world.render(target))))),
};
