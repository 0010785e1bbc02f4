import type { EditRequest } from '../../../contract/index.ts';
import type { Picture } from '../tasks/task.ts';
import { type BenchMethod, CHECKPOINT, type Stage } from './method.ts';

/** Settings that differ from what the method and the checkpoint say. */
export type Settings = Pick<EditRequest, 'steps' | 'guidance' | 'params'>;

/** A method of the product, run as a user runs it; with its mask where the task has one. */
export function productMethod(method: string, taskIds: readonly string[], settings: Settings = {}): BenchMethod {
  const said = {
    ...settings.params,
    ...(settings.steps && { steps: settings.steps }),
    ...(settings.guidance && { guidance: settings.guidance }),
  };
  const suffix = Object.entries(said).map(([name, value]) => `${name}=${value}`);
  return {
    name: suffix.length === 0 ? method : `${method}:${suffix.join(',')}`,
    kind: 'method',
    appliesTo: ({ id }) => taskIds.includes(id),
    run: (stage) => Promise.all(stage.item.to.map((prompt, at) => runOne(stage, method, settings, prompt, at))),
  };
}

async function runOne(stage: Stage, method: string, settings: Settings, prompt: string, at: number): Promise<Picture> {
  const { engine, item, source, mask, withMaps } = stage;
  const takes = engine.describeMethods().find(({ id }) => id === method)?.inputs ?? {};
  const request: EditRequest = {
    method,
    checkpoint: CHECKPOINT,
    prompt,
    // The pictures of a set are painted apart, each from noise of its own.
    seed: item.seed + at,
    ...(takes.sourcePrompt === undefined ? {} : { sourcePrompt: item.from }),
    ...(withMaps ? { maps: true } : {}),
    ...settings,
  };
  const result = await engine.run(request, {
    ...(takes.source === undefined || source === undefined ? {} : { source }),
    ...(takes.mask === undefined || mask === undefined ? {} : { mask }),
  });
  const [unpasted, delivered, area] = [result.unpasted[0], result.images[0], result.masks?.[0]];
  if (unpasted === undefined || delivered === undefined) throw new Error(`${method} gave no picture`);
  const map = changedWordMap(stage, result.maps);
  return {
    unpasted,
    delivered,
    ...(area === undefined ? {} : { mask: area }),
    ...(map === undefined ? {} : { map }),
  };
}

/** The map of the word that says what shall be there. */
function changedWordMap(
  { item }: Stage,
  maps: readonly { readonly word: string; readonly image: NonNullable<Picture['map']> }[],
) {
  const { before, after, targets } = item;
  const target = targets[0];
  const isRecoloured = before?.object === after?.object;
  const words = [isRecoloured ? after?.colour : after?.object, target?.place, target?.objects[0]?.object];
  return words.map((word) => maps.find((map) => map.word === word)?.image).find((image) => image !== undefined);
}
