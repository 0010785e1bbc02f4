import { Worker } from 'node:worker_threads';
import type { BatchPlan, BatchTable, MethodDescription } from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import { ToldError } from '../explain.ts';
import { type BatchProblem, planBatch, type RequestCheck, refusedJobs } from './expand.ts';
import type { ExpandedJob } from './job.ts';
import type { Answers, Ask, FromPlanner } from './plannermessages.ts';
import { type Prepared, prepareTable } from './prepare.ts';
import type { Row } from './row.ts';
import { parseTable } from './table.ts';

/** Reads tables, large ones in a thread of its own, so that calls are answered whatever a table costs. */
export interface Planner {
  parse(name: string, bytes: Uint8Array): Promise<{ rows: Row[]; notes: string[] }>;
  plan(table: BatchTable, methods: readonly MethodDescription[]): Promise<BatchPlan>;
  prepare(table: BatchTable, methods: readonly MethodDescription[]): Promise<Prepared>;
  close(): Promise<void>;
}

/** A hundred thousand rows with a few choices each take a tenth of it. */
const MAX_MS = 120_000;
/** The thread ends when nobody has asked for so long. */
const IDLE_MS = 30_000;
const MAX_HEAP_MB = 2048;

interface Waiting {
  readonly resolve: (value: Answers[keyof Answers]) => void;
  readonly reject: (error: Error) => void;
  readonly jobs: ExpandedJob[];
  readonly timer: NodeJS.Timeout;
}

/** @param check what the engine refuses; asked here, since it stays in this thread */
export function openPlanner(check?: RequestCheck): Planner {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let lastId = 0;

  const end = (why: AttuneError) => {
    const ended = thread;
    thread = undefined;
    clearTimeout(idle);
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer);
      reject(why);
    }
    waiting.clear();
    return ended?.terminate();
  };
  const hear = (message: FromPlanner) => {
    const asked = waiting.get(message.id);
    if (asked === undefined) return;
    if ('jobs' in message) {
      for (const job of message.jobs) asked.jobs.push(job);
      return;
    }
    waiting.delete(message.id);
    clearTimeout(asked.timer);
    if ('error' in message) asked.reject(new ToldError(message.error));
    else asked.resolve(message.value);
    if (waiting.size > 0) return;
    idle = setTimeout(() => void end(closed()), IDLE_MS);
    idle.unref();
  };
  const start = (): Worker => {
    const started = new Worker(ownEntry(), { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } });
    started.unref();
    started.on('message', hear);
    started.on('error', (error) => {
      if (started === thread) void end(broken(error));
    });
    return started;
  };
  const ask = <Kind extends keyof Answers>(
    question: Extract<Ask, { readonly kind: Kind }> | (Ask & { readonly kind: Kind }),
    jobs: ExpandedJob[] = [],
  ): Promise<Answers[Kind]> => {
    clearTimeout(idle);
    thread ??= start();
    const worker = thread;
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => void end(tooLong()), MAX_MS);
      timer.unref();
      // The answer to a question is of its kind.
      waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, jobs, timer });
      worker.postMessage({ id, ask: question });
    });
  };
  return {
    async parse(name, bytes) {
      if (bytes.length <= SMALL_CHARACTERS) return parseTable(name, bytes);
      return ask<'parse'>({ kind: 'parse', name, bytes });
    },
    async plan(table, methods) {
      if (isSmall(table)) return planBatch(table, methods, check);
      const plan = await ask<'plan'>({ kind: 'plan', table, methods });
      return { ...plan, problems: [...plan.problems, ...(await refused(plan.jobs, check))] };
    },
    async prepare(table, methods) {
      if (isSmall(table)) return prepareTable(table, methods, check);
      const jobs: ExpandedJob[] = [];
      const prepared = { jobs, ...(await ask<'prepare'>({ kind: 'prepare', table, methods }, jobs)) };
      return { ...prepared, problems: [...prepared.problems, ...(await refused(jobs, check))] };
    },
    async close() {
      await end(closed());
    },
  };
}

/** Jobs that are checked in one go. */
const CHECKED_AT_ONCE = 200;

/** What the engine refuses, with room for other calls in between. */
async function refused(
  jobs: readonly Pick<ExpandedJob, 'row' | 'request'>[],
  check: RequestCheck | undefined,
): Promise<readonly BatchProblem[]> {
  if (check === undefined) return [];
  for (let at = 0; at < jobs.length; at += CHECKED_AT_ONCE) {
    const problems = refusedJobs(jobs.slice(at, at + CHECKED_AT_ONCE), check);
    if (problems.length > 0) return problems;
    await new Promise((go) => setImmediate(go));
  }
  return [];
}

/** What is read sooner than a thread begins. */
const SMALL_CHARACTERS = 64 * 1024;
const SMALL_JOBS = 500;

function isSmall({ rows, repeats, base, wildcards }: BatchTable): boolean {
  if (rows.length * repeats > SMALL_JOBS) return false;
  const shared = [base.prompt, base.sourcePrompt, base.negative, ...Object.values(wildcards).flat()];
  let characters = shared.reduce((sum, text) => sum + (text?.length ?? 0), 0) * rows.length;
  for (const row of rows)
    for (const column in row) {
      characters += column.length + (row[column]?.length ?? 0);
      if (characters * repeats > SMALL_CHARACTERS) return false;
    }
  return characters * repeats <= SMALL_CHARACTERS;
}

const ownEntry = () =>
  new URL(import.meta.url.endsWith('.ts') ? './plannerthread.ts' : './plannerthread.js', import.meta.url);

const tooLong = () => refuse(`This table takes more than ${MAX_MS / 1000} s to read; split it.`);
const closed = () => refuse('Attune was closed while a table was read.');
const broken = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? refuse(`This table takes more than ${MAX_HEAP_MB} MiB of memory to read; split it.`)
    : new AttuneError('runtime-failed', `The thread that reads tables ended: ${String(error)}.`, {}, error);

function refuse(what: string): AttuneError {
  return new AttuneError('request-invalid', what, { field: 'table' });
}
