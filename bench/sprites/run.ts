import type { Engine } from '../../engine/index.ts';
import type { BenchMethod } from './methods/method.ts';
import type { ProgressBar } from './progress.ts';
import type { Readers } from './readers.ts';
import { type Score, scoreOf } from './score.ts';
import { SourceRoom, type Sources } from './sources.ts';
import type { Split, SpriteCase } from './spritecase.ts';
import type { Store } from './store.ts';
import type { Marks, Picture, SourceKind, Task } from './tasks/task.ts';

export interface Plan {
  readonly tasks: readonly Task[];
  readonly methods: readonly BenchMethod[];
  readonly sourceKinds: readonly SourceKind[];
  /** Seen cases of a task and kind of source; of unseen ones there are half as many. */
  readonly cases: number;
  readonly seed: number;
}

export interface Bench {
  readonly engine: Engine;
  readonly readers: Readers;
  readonly store: Store;
  readonly progress: ProgressBar;
}

/** One row of a table. */
export interface Row {
  readonly method: BenchMethod;
  readonly seen: Score;
  readonly unseen: Score;
  /** The unseen cases by what is new in them. */
  readonly kinds: Readonly<Record<string, Score>>;
}

/** One table: a task with one kind of source. */
export interface Section {
  readonly task: Task;
  readonly sourceKind: SourceKind;
  readonly rows: readonly Row[];
  readonly passedOver: { readonly seen: number; readonly unseen: number };
  readonly seen: readonly SpriteCase[];
  readonly unseen: readonly SpriteCase[];
}

/** Runs the plan, or what is left of it, and gives its tables. Results are the same for a seed on one machine. */
export async function runPlan(bench: Bench, plan: Plan): Promise<readonly Section[]> {
  const room = new SourceRoom(bench.engine, bench.readers, bench.store);
  const sections: Section[] = [];
  const parts = plan.tasks.flatMap((task) =>
    task.sources.filter((kind) => plan.sourceKinds.includes(kind)).map((sourceKind) => ({ task, sourceKind })),
  );
  const worked = (task: Task, kind: SourceKind) => plan.methods.filter((method) => method.appliesTo(task, kind));
  const perCase = parts.reduce((sum, { task, sourceKind }) => sum + worked(task, sourceKind).length, 0);
  const total = perCase * (plan.cases + Math.floor(plan.cases / 2));
  let done = 0;
  for (const { task, sourceKind } of parts) {
    const methods = worked(task, sourceKind);
    const lists = await listsOf(room, task, sourceKind, plan);
    const marks = new Map<string, Map<string, Marks>>();
    for (const item of [...lists.seen, ...lists.unseen]) {
      const key = (method: BenchMethod) => `marks/${sourceKind}/${item.id}/${method.name}`;
      // The sources are made only where something is left to do.
      const isDone = methods.every((method) => bench.store.has(key(method)));
      const sources = isDone ? {} : await room.open(item, sourceKind);
      for (const method of methods) {
        bench.progress.tell(done++, total, `${task.id} ${task.title}, ${sourceKind}: ${method.name}`);
        const mark = await bench.store.remember(key(method), () =>
          markOne(bench, { task, sourceKind, item, method }, sources),
        );
        const row = marks.get(method.name) ?? new Map<string, Marks>();
        marks.set(method.name, row.set(item.id, mark));
      }
    }
    const scored = (method: BenchMethod, cases: readonly SpriteCase[]) =>
      scoreOf(cases.map(({ id }) => marks.get(method.name)?.get(id)).filter((mark) => mark !== undefined));
    const rows = methods.map((method) => ({
      method,
      seen: scored(method, lists.seen),
      unseen: scored(method, lists.unseen),
      kinds: Object.fromEntries(
        task.unseen.map((kind) => [
          kind,
          scored(
            method,
            lists.unseen.filter(({ split }) => split === kind),
          ),
        ]),
      ),
    }));
    sections.push({ task, sourceKind, rows, ...lists });
  }
  bench.progress.clear();
  return sections;
}

async function listsOf(room: SourceRoom, task: Task, kind: SourceKind, { cases, seed }: Plan) {
  const { cases: seen, passedOver } = await room.list(task, kind, 'seen', cases, seed);
  const unseen: SpriteCase[] = [];
  let unread = 0;
  for (const [at, split] of task.unseen.entries()) {
    const list = await room.list(task, kind, split, share(Math.floor(cases / 2), task.unseen.length, at), seed);
    unseen.push(...list.cases);
    unread += list.passedOver;
  }
  return { seen, unseen, passedOver: { seen: passedOver, unseen: unread } };
}

/** `count` dealt out over `parts`, the first ones getting what is left over. */
const share = (count: number, parts: number, at: number): number =>
  Math.floor(count / parts) + Number(at < count % parts);

export interface Work {
  readonly task: Task;
  readonly sourceKind: SourceKind;
  readonly item: SpriteCase;
  readonly method: BenchMethod;
  readonly split?: Split;
}

/** The pictures of one method for one case. */
export function paint(
  { engine, readers }: Bench,
  work: Work,
  { source }: Sources,
  withMaps: boolean,
): Promise<readonly Picture[]> {
  const { task, sourceKind, item, method } = work;
  const { world } = readers;
  const mask = task.mask?.(world, item);
  return method.run({
    engine,
    world,
    item,
    sourceKind,
    withMaps,
    ...(source === undefined ? {} : { source }),
    ...(mask === undefined ? {} : { mask }),
  });
}

async function markOne(bench: Bench, work: Work, sources: Sources): Promise<Marks> {
  const pictures = await paint(bench, work, sources, false);
  const { task, item, sourceKind } = work;
  return task.mark({ readers: bench.readers, item, sourceKind, pictures, ...sources });
}
