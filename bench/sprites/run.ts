import type { Engine, Pixels } from '../../engine/index.ts';
import { openImageCodec } from '../../native/images.ts';
import { allEditCases, type EditCase, type EditTask } from './cases.ts';
import { type Contender, reconstruct } from './contenders.ts';
import type { Judge } from './judge.ts';
import { type EditFigures, isReadable, measureEdit } from './measure.ts';
import type { World } from './world.ts';

export interface CaseResult {
  readonly edit: EditCase;
  readonly source: Pixels;
  readonly result: Pixels;
  readonly figures: EditFigures;
}

/** An edit case with the picture it starts from and what the codec makes of that picture. */
export interface SourcedCase {
  readonly edit: EditCase;
  readonly source: Pixels;
  /** What the result's background is compared with: for files what the codec makes of them, for the model's own pictures themselves. */
  readonly reference: Pixels;
}

export interface CaseList {
  readonly cases: readonly SourcedCase[];
  /** Cases passed over because the judge does not read their truth; decided before any method runs. */
  readonly passedOver: number;
}

/**
 * Sources that are rendered scenes, through a PNG file's bytes as a user's pictures are. Cases whose source or true target the judge
 * cannot read even when they have only been through the codec say nothing about a method and are passed over.
 */
export async function fileCases(
  engine: Engine,
  world: World,
  judge: Judge,
  task: EditTask,
  count: number,
  seed: number,
): Promise<CaseList> {
  const codec = openImageCodec();
  return collect(allEditCases(world, task, seed), count, async (edit) => {
    const source = await codec.decode(await codec.encode(world.render(edit.source), 'png'), `${edit.id}.png`);
    const reference = await reconstruct(engine, source);
    const target = await reconstruct(engine, world.render(edit.target));
    const readable = isReadable(judge, edit.source, reference) && isReadable(judge, edit.target, target);
    return readable ? { edit, source, reference } : undefined;
  });
}

/** Sources that the model makes itself from the source caption and the case's seed; those that do not show their caption are passed over. */
export async function ownCases(
  engine: Engine,
  world: World,
  judge: Judge,
  task: EditTask,
  count: number,
  seed: number,
): Promise<CaseList> {
  return collect(allEditCases(world, task, seed), count, async (edit) => {
    const request = { method: 'generate', checkpoint: 'embedded/image', prompt: edit.from, seed: edit.seed };
    const source = (await engine.run(request, {})).unpasted;
    return isReadable(judge, edit.source, source)
      ? { edit: { ...edit, cellIsKnown: false }, source, reference: source }
      : undefined;
  });
}

async function collect(
  candidates: Iterable<EditCase>,
  count: number,
  take: (edit: EditCase) => Promise<SourcedCase | undefined>,
): Promise<CaseList> {
  const cases: SourcedCase[] = [];
  let passedOver = 0;
  for (const edit of candidates) {
    if (cases.length === count) break;
    const taken = await take(edit);
    if (taken === undefined) passedOver++;
    else cases.push(taken);
  }
  return { cases, passedOver };
}

/** Runs one contender over the cases. */
export async function runContender(
  engine: Engine,
  world: World,
  judge: Judge,
  { cases }: Pick<CaseList, 'cases'>,
  contender: Contender,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { edit, source, reference } of cases) {
    const result = await contender.edit(engine, edit, source);
    results.push({ edit, source, result, figures: measureEdit(world, judge, edit, result, reference) });
  }
  return results;
}
