import type { Engine, Pixels } from '../../engine/index.ts';
import { openImageCodec } from '../../native/images.ts';
import type { EditCase } from './cases.ts';
import { type Contender, reconstruct } from './contenders.ts';
import type { Judge } from './judge.ts';
import { type EditFigures, measureEdit } from './measure.ts';
import type { World } from './world.ts';

export interface CaseResult {
  readonly edit: EditCase;
  readonly source: Pixels;
  readonly result: Pixels;
  readonly figures: EditFigures;
}

/** What the pictures of a table start from. */
export type SourceOf = (edit: EditCase) => Promise<Pixels>;

/** Sources that are rendered scenes, through a PNG file's bytes as a user's pictures are. */
export function renderedSources(world: World): SourceOf {
  const codec = openImageCodec();
  return async (edit) => codec.decode(await codec.encode(world.render(edit.source), 'png'), `${edit.id}.png`);
}

/** Sources that the model makes itself from the source caption and the case's seed. */
export function ownSources(engine: Engine): SourceOf {
  return async ({ from, seed }) =>
    (await engine.run({ method: 'generate', checkpoint: 'embedded/image', prompt: from, seed }, {})).unpasted;
}

/** Runs one contender over the cases. */
export async function runContender(
  engine: Engine,
  world: World,
  judge: Judge,
  cases: readonly EditCase[],
  contender: Contender,
  sourceOf: SourceOf,
  kind: 'files' | 'own',
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const edit of cases) {
    const source = await sourceOf(edit);
    // A file is compared with what the codec makes of it; the model's own picture is its own truth.
    const reference = kind === 'files' ? await reconstruct(engine, source) : source;
    const result = await contender.edit(engine, edit, source);
    results.push({ edit, source, result, figures: measureEdit(world, judge, edit, result, reference) });
  }
  return results;
}
