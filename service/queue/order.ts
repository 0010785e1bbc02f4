import type { QueuedJob } from '../../contract/index.ts';

/** A job with its place among those of its kind. */
export interface Item {
  job: QueuedJob;
  position: number;
  /** How often the runner ended while it ran this. */
  crashes: number;
}

/** Where a job is to stand. */
export interface Place {
  readonly item: Item;
  readonly position: number;
}

const groupOf = (state: QueuedJob['state']): 0 | 1 | 2 => (state === 'running' ? 0 : state === 'waiting' ? 1 : 2);

/**
 * The jobs in the order in which they are shown: the running one, those that wait, those that ended. Nothing here takes longer than
 * finding a place in a sorted list, however many there are.
 */
export class JobOrder {
  readonly #items = new Map<string, Item>();
  readonly #groups: readonly [Item[], Item[], Item[]] = [[], [], []];

  get size(): number {
    return this.#items.size;
  }

  find(id: string): Item | undefined {
    return this.#items.get(id);
  }

  add(item: Item): void {
    this.#items.set(item.job.job, item);
    const group = this.#groups[groupOf(item.job.state)];
    group.splice(placeIn(group, item.position), 0, item);
  }

  remove(id: string): Item | undefined {
    const item = this.#items.get(id);
    if (item === undefined) return undefined;
    this.#items.delete(id);
    const group = this.#groups[groupOf(item.job.state)];
    group.splice(indexIn(group, item), 1);
    return item;
  }

  /** Takes the job out, changes it and puts it where it belongs then. */
  change(item: Item, change: Partial<Omit<Item, 'job'>> & { readonly job?: QueuedJob }): void {
    this.remove(item.job.job);
    Object.assign(item, change);
    this.add(item);
  }

  waiting(): readonly Item[] {
    return this.#groups[1];
  }

  all(): QueuedJob[] {
    return this.#groups.flatMap((group) => group.map(({ job }) => job));
  }

  /** Where the job is in `all()`. */
  indexOf(item: Item): number {
    const index = groupOf(item.job.state);
    const before = this.#groups.slice(0, index).reduce((sum, group) => sum + group.length, 0);
    return before + indexIn(this.#groups[index], item);
  }

  /** A place before or after every other. */
  edge(isFirst: boolean): number {
    const ends = this.#groups.flatMap((group) => {
      const end = isFirst ? group[0] : group.at(-1);
      return end === undefined ? [] : [end.position];
    });
    return isFirst ? Math.min(0, ...ends) - 1 : Math.max(0, ...ends) + 1;
  }

  /**
   * Where jobs must stand for `moved` to stand right before another waiting one: its own place alone, or where two places are too close to
   * have one between them, those around it as well, as few as give room.
   */
  before(item: Item, moved: Item): readonly Place[] {
    const group = this.#groups[1];
    const previous = group[indexIn(group, item) - 1];
    if (previous === undefined) return [{ item: moved, position: item.position - 1 }];
    const middle = (previous.position + item.position) / 2;
    if (middle > previous.position && middle < item.position) return [{ item: moved, position: middle }];
    return spread(
      group.filter((one) => one !== moved),
      item,
      moved,
    );
  }

  /** Puts jobs where they stand from here on. Their order among themselves is that of their places. */
  place(places: readonly Place[]): void {
    for (const { item } of places) this.remove(item.job.job);
    for (const { item, position } of places) this.add(Object.assign(item, { position }));
  }
}

/** How far jobs stand apart at least after those around a place were moved: room for some fifteen more between any two. */
const ROOM = 2 ** -16;

function spread(group: readonly Item[], before: Item, moved: Item): readonly Place[] {
  const at = indexIn(group, before);
  for (let reach = 8; ; reach *= 2) {
    const [first, end] = [Math.max(0, at - reach), Math.min(group.length, at + reach)];
    const run = [...group.slice(first, at), moved, ...group.slice(at, end)];
    // Beyond either end of the list there is all the room.
    const high = group[end]?.position ?? (group[first - 1]?.position ?? 0) + run.length + 1;
    const low = group[first - 1]?.position ?? high - run.length - 1;
    const room = (high - low) / (run.length + 1);
    if (room >= ROOM) return run.map((item, index) => ({ item, position: low + room * (index + 1) }));
  }
}

function placeIn(group: readonly Item[], position: number): number {
  let [low, high] = [0, group.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((group[middle]?.position ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Positions may be equal: the search ends among those, the item is one of them. */
function indexIn(group: readonly Item[], item: Item): number {
  let index = placeIn(group, item.position) - 1;
  while (index >= 0 && group[index] !== item) index -= 1;
  return index;
}
