import type { Pixels } from '../../engine/index.ts';
import { type Bench, paint, type Section } from './run.ts';
import { overlay, sheet } from './sheet.ts';
import { SourceRoom } from './sources.ts';
import type { SpriteCase } from './spritecase.ts';
import { bestOfFamilies } from './table.ts';

/** Cases of a sheet: the first ones of each split. */
const [SEEN, UNSEEN] = [4, 2];

/**
 * The sheet of one section, a row a case. Tasks that edit: source, true target, the task's mask if it has one; then for every
 * method of the product where it allowed a change, where the changed word is, and what it delivers; last the best reference. Others:
 * true pictures, then the pictures of each method.
 */
export async function sectionSheet(bench: Bench, section: Section): Promise<Pixels> {
  const room = new SourceRoom(bench.engine, bench.readers, bench.store);
  const rows: (readonly (Pixels | undefined)[])[] = [];
  for (const item of [...section.seen.slice(0, SEEN), ...section.unseen.slice(0, UNSEEN)])
    rows.push(await sheetRow(bench, section, item, room));
  return sheet(rows, 1);
}

async function sheetRow(
  bench: Bench,
  section: Section,
  item: SpriteCase,
  room: SourceRoom,
): Promise<readonly (Pixels | undefined)[]> {
  const { task, sourceKind } = section;
  const { world } = bench.readers;
  const sources = await room.open(item, sourceKind);
  const { source } = sources;
  const truth = item.targets.map((target) => world.render(target));
  const mask = task.mask?.(world, item);
  const cells: (Pixels | undefined)[] = source === undefined ? truth : [source, ...truth];
  if (source !== undefined && mask !== undefined) cells.push(overlay(source, mask));
  for (const { method } of shownRows(section)) {
    const pictures = await paint(bench, { task, sourceKind, item, method }, sources, method.kind === 'method');
    for (const { delivered, mask: area, map } of pictures) {
      if (source !== undefined && method.kind === 'method') {
        // Where the mask was given it has been shown already.
        if (mask === undefined) cells.push(area === undefined ? undefined : overlay(source, area));
        cells.push(map === undefined ? undefined : overlay(delivered, map));
      }
      cells.push(delivered);
    }
  }
  return cells;
}

/** The methods of the product, then the reference with the best score. */
function shownRows({ rows }: Section) {
  const best = bestOfFamilies(rows)
    .filter(({ method }) => method.kind === 'reference')
    .sort((a, b) => b.seen.score - a.seen.score)
    .slice(0, 1);
  return [...rows.filter(({ method }) => method.kind === 'method'), ...best];
}
