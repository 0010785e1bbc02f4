import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  type BatchPlan,
  type BatchState,
  type BatchTable,
  MAX_SEED,
  type MethodDescription,
} from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import { type Archive, archiveOf } from './archive.ts';
import { openPlanner, type Planner } from './planner.ts';
import { type BatchOptions, runBatch } from './run.ts';

/** What stands behind the contract's `batch.*` calls; jobs run by the injected `runJob`, in the service through its queue. */
export interface BatchService {
  plan(table: BatchTable): Promise<BatchPlan>;
  parse: Planner['parse'];
  start(table: BatchTable): Promise<{ batch: string }>;
  pause(batch: string): void;
  resume(batch: string): void;
  cancel(batch: string): void;
  /** All files and manifests of a batch as one ZIP; what was stopped gives what there is. Rejects with 'request-invalid' for an unknown one. */
  archive(batch: string): Promise<Archive>;
  /** The last batches, the oldest first. */
  states(): BatchState[];
  /** Goes on with what was running when the service last ended. */
  goOn(): void;
  /** Stops what runs; resolves when it has stopped. */
  close(): Promise<void>;
}

export interface BatchServiceOptions extends Pick<BatchOptions, 'codec' | 'explain' | 'check'> {
  readonly runJob: (
    ...given: [...Parameters<BatchOptions['runJob']>, batch: string]
  ) => ReturnType<BatchOptions['runJob']>;
  readonly methods: () => readonly MethodDescription[];
  /** Every batch gets a folder of its own below this. */
  readonly outputs: string;
  readonly tell: (state: BatchState) => void;
  /** Where batches are remembered beyond this process. */
  readonly store: BatchMemory;
}

/** What a batch needs to go on in another process; its results and its journal lie in its folder. */
export interface BatchMemory {
  add(batch: { readonly state: BatchState; readonly table: BatchTable; readonly folder: string }): void;
  update(state: BatchState): void;
  list(): readonly { readonly state: BatchState; readonly table: BatchTable; readonly folder: string }[];
}

interface Running {
  state: BatchState;
  readonly table: BatchTable;
  readonly folder: string;
  stop: AbortController;
  ended: Promise<void>;
}

/** The batches of this service, those of earlier processes with them. */
export function openBatches(options: BatchServiceOptions): BatchService {
  const batches = new Map<string, Running>(
    options.store
      .list()
      .map((stored) => [stored.state.batch, { ...stored, stop: new AbortController(), ended: Promise.resolve() }]),
  );
  const planner = openPlanner(options.check);
  const find = (batch: string): Running => {
    const found = batches.get(batch);
    if (found) return found;
    throw new AttuneError('request-invalid', `There is no batch "${batch}".`, { field: 'batch' });
  };
  const change = (running: Running, more: Partial<BatchState>) => {
    running.state = { ...running.state, ...more };
    options.tell(running.state);
    try {
      options.store.update(running.state);
    } catch (error) {
      // A full disk: the journal in its folder is what counts, and a batch that is held to be running goes on at the next start.
      if (!(error instanceof AttuneError)) throw error;
    }
  };

  const run = async (running: Running, before: Promise<void>): Promise<void> => {
    await before;
    const { signal } = running.stop;
    try {
      const { table, folder } = running;
      const { state, done, failed } = await runBatch({
        ...options,
        runJob: (job, jobSignal) => options.runJob(job, jobSignal, running.state.batch),
        methods: options.methods(),
        prepare: planner.prepare,
        table,
        folder,
        // A folder without a journal is begun.
        resume: true,
        signal,
        onProgress: ({ status, done, failed }) => {
          if (status !== 'running') change(running, { done, failed });
        },
      });
      change(running, { done, failed, ...(state === 'finished' && { state: 'finished' as const }) });
    } catch {
      // A full disk: what is done stays, and the batch can go on when there is room.
      if (running.state.state === 'running') change(running, { state: 'paused' });
    }
  };
  const halt = (batch: string, state: 'paused' | 'cancelled') => {
    const running = find(batch);
    if (running.state.state !== 'running' && running.state.state !== 'paused') return;
    change(running, { state });
    running.stop.abort();
  };

  return {
    plan: (table) => planner.plan(table, options.methods()),
    parse: planner.parse,
    async start(given) {
      const table =
        given.base.seed === undefined ? { ...given, base: { ...given.base, seed: Date.now() % MAX_SEED } } : given;
      const { total, problems } = await planner.plan(table, options.methods());
      const [problem] = problems;
      if (problem) throw new AttuneError('request-invalid', problem.message, { field: problem.field });
      const batch = randomUUID();
      const state: BatchState = { batch, name: table.name, total, done: 0, failed: 0, state: 'running' };
      const running: Running = {
        state,
        table,
        folder: join(options.outputs, `batch-${batch}`),
        stop: new AbortController(),
        ended: Promise.resolve(),
      };
      batches.set(batch, running);
      options.store.add(running);
      options.tell(state);
      running.ended = run(running, Promise.resolve());
      return { batch };
    },
    pause: (batch) => halt(batch, 'paused'),
    cancel: (batch) => halt(batch, 'cancelled'),
    resume(batch) {
      const running = find(batch);
      if (running.state.state !== 'paused') return;
      running.stop = new AbortController();
      change(running, { state: 'running' });
      running.ended = run(running, running.ended);
    },
    async archive(batch) {
      const { folder, state } = find(batch);
      return archiveOf(folder, `${state.name.replace(/\.\w+$/, '')}.zip`);
    },
    goOn() {
      for (const running of batches.values())
        if (running.state.state === 'running') running.ended = run(running, running.ended);
    },
    states: () => [...batches.values()].map(({ state }) => state),
    async close() {
      for (const { stop } of batches.values()) stop.abort();
      await Promise.all([...batches.values()].map(({ ended }) => ended));
      await planner.close();
    },
  };
}
