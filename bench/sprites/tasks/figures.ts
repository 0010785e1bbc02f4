import type { Pixels } from '../../../engine/index.ts';
import { type Binary, dilate, invert } from '../foreground.ts';
import { psnr, ssim } from '../similarity.ts';
import type { SpriteCase } from '../spritecase.ts';
import type { SceneObject, World } from '../world.ts';
import type { Column, SourceKind, View } from './task.ts';

/** Measures that several tasks share. */

/** The decoder's own reach beyond what changes in the latents, in pixels. */
const GROWN_PX = 16;

/** Columns of every task that changes one object. */
export const EDIT_COLUMNS: readonly Column[] = [
  { name: 'kept', title: 'other kept', unit: 'share' },
  { name: 'ssim', title: 'SSIM', unit: 'ratio' },
  { name: 'strictDb', title: 'strict', unit: 'dB' },
];

/** An object as it stands, or at every cell of its word where only the model knows the cell. */
export function standings(world: World, object: SceneObject, cellIsKnown: boolean): readonly SceneObject[] {
  return cellIsKnown ? [object] : world.cellsOf(object.position).map((cell) => ({ ...object, cell }));
}

/** Union of the silhouettes: 1 where one of the objects is. */
export function silhouettes(world: World, objects: readonly SceneObject[]): Binary {
  const { width, height } = world.file.canvas;
  const union = new Uint8Array(width * height);
  for (const object of objects)
    for (const [i, value] of world.silhouette(object).data.entries()) if (value > 0) union[i] = 1;
  return union;
}

/**
 * The object that changes, before and after, wherever it may stand: a word of position allows two cells, and where an object is new, or the
 * picture the model's own, nobody says which of them.
 */
export function changing(
  world: World,
  { before, after }: Pick<SpriteCase, 'before' | 'after'>,
  sourceKind: SourceKind,
): readonly SceneObject[] {
  const isNew = before === undefined;
  return [before, after]
    .filter((object) => object !== undefined)
    .flatMap((object) => standings(world, object, sourceKind === 'files' && !isNew));
}

/** Everything further than 16 px from the object that changes. */
export function outside({ readers: { world }, item, sourceKind }: View): Binary {
  const { width, height } = world.file.canvas;
  return invert(dilate(silhouettes(world, changing(world, item, sourceKind)), width, height, GROWN_PX));
}

/** Preservation of what lies in `where`; strict is the delivered picture against the source itself. */
export function preservation(view: View, where: Binary): { preservedDb?: number; figures: Record<string, number> } {
  const [picture] = view.pictures;
  if (picture === undefined || view.reference === undefined || view.source === undefined) return { figures: {} };
  const preservedDb = psnr(picture.unpasted, view.reference, where);
  return {
    ...(preservedDb === undefined ? {} : { preservedDb }),
    figures: present({
      ssim: ssim(picture.unpasted, view.reference, where),
      strictDb: psnr(picture.delivered, view.source, where),
    }),
  };
}

/** The figures that exist. */
export function present(figures: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

/** The only picture of a view and the source's reference; tasks that edit always have both. */
export function edited(view: View): { delivered: Pixels; reference: Pixels } {
  const [picture] = view.pictures;
  if (picture === undefined || view.reference === undefined) throw new Error(`${view.item.id} has no picture to mark`);
  return { delivered: picture.delivered, reference: view.reference };
}
