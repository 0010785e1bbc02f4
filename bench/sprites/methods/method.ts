import type { Engine, Pixels } from '../../../engine/index.ts';
import type { SpriteCase } from '../spritecase.ts';
import type { Picture, SourceKind, Task } from '../tasks/task.ts';
import type { World } from '../world.ts';

/** What a method is given for one case. */
export interface Stage {
  readonly engine: Engine;
  readonly world: World;
  readonly item: SpriteCase;
  readonly sourceKind: SourceKind;
  readonly source?: Pixels;
  /** The mask that is part of the task: one channel, 255 = repaint. */
  readonly mask?: Pixels;
  /** Maps of the changed word are wanted, for a sheet. */
  readonly withMaps: boolean;
}

/**
 * `ceiling`: knows the truth. `reference`: what any method has to be held against. `method`: a method of the product, run as a user
 * runs it.
 */
export type MethodKind = 'ceiling' | 'reference' | 'method';

/** One row of the tables. A new one is a file beside this (for a method of the product nothing) and a line in `registry.ts`. */
export interface BenchMethod {
  /** Name of the row, with the settings that were asked for: results are kept under it. */
  readonly name: string;
  readonly kind: MethodKind;
  /** Rows of one family are alternatives of which a table shows the best one. */
  readonly family?: string;
  appliesTo(task: Task, sourceKind: SourceKind): boolean;
  /** One picture a target of the case. */
  run(stage: Stage): Promise<readonly Picture[]>;
}

export const CHECKPOINT = 'embedded/image';

/** A picture from which nothing was pasted. */
export const plain = (picture: Pixels): Picture => ({ unpasted: picture, delivered: picture });

/** The source of a task that has one. */
export function sourceOf({ item, source }: Stage): Pixels {
  if (source === undefined) throw new Error(`${item.id} has no source`);
  return source;
}
