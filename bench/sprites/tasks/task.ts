import type { Pixels } from '../../../engine/index.ts';
import type { Dice } from '../dice.ts';
import type { Readers } from '../readers.ts';
import type { Unseen } from '../scenes.ts';
import type { Draft, SpriteCase } from '../spritecase.ts';
import type { World } from '../world.ts';

/** `files`: rendered scenes read from a picture file. `own`: pictures that the model paints. `none`: the task has no source. */
export type SourceKind = 'files' | 'own' | 'none';

/** What a method delivers for one target. */
export interface Picture {
  /** As the network made it, before anything was pasted back. */
  readonly unpasted: Pixels;
  readonly delivered: Pixels;
  /** Where the method allowed a change: one channel. */
  readonly mask?: Pixels;
  /** Where the changed word is: one channel. */
  readonly map?: Pixels;
}

/** Everything a task needs to mark one result. */
export interface View {
  readonly readers: Readers;
  readonly item: SpriteCase;
  readonly sourceKind: SourceKind;
  /** The source as the method got it. */
  readonly source?: Pixels;
  /** What preservation is measured against: for files what the autoencoder makes of the source, for own pictures the source itself. */
  readonly reference?: Pixels;
  /** One a target. */
  readonly pictures: readonly Picture[];
}

/** Marks of one case; shares are 0 to 1. */
export interface Marks {
  /** By the deterministic judge: 1 or 0. */
  readonly success: number;
  /** By the second judge: 1 or 0. */
  readonly second: number;
  /** PSNR in dB of what must stay; absent where the task keeps nothing. */
  readonly preservedDb?: number;
  /** Further figures by the names of `columns`; one that does not exist for a case is left out. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface Column {
  readonly name: string;
  readonly title: string;
  readonly unit: 'share' | 'dB' | 'ratio';
}

/** One task of SpriteBench. A new one is a file beside this and a line in `registry.ts`. */
export interface Task {
  /** `T` and its number in `npm run spritebench -- --tasks`. */
  readonly id: string;
  readonly title: string;
  /** What counts as success, in a few words for the table. */
  readonly success: string;
  readonly sources: readonly SourceKind[];
  readonly unseen: readonly Unseen[];
  readonly columns: readonly Column[];
  draw(world: World, dice: Dice): Draft;
  /** One channel, 255 = repaint: a mask that is part of the task. */
  mask?(world: World, draft: Draft): Pixels;
  mark(view: View): Promise<Marks>;
}
