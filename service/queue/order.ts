import type { QueuedJob } from '../../contract/index.ts';

/** A job with its place among those of its kind. */
export interface Item {
  job: QueuedJob;
  position: number;
  /** How often the runner ended while it ran this. */
  crashes: number;
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

  /** A place right before a waiting job; undefined where two places are too close to have one between them. */
  before(item: Item): number | undefined {
    const group = this.#groups[1];
    const previous = group[indexIn(group, item) - 1];
    if (previous === undefined) return item.position - 1;
    const middle = (previous.position + item.position) / 2;
    return middle > previous.position && middle < item.position ? middle : undefined;
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
