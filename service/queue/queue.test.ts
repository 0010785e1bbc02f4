import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EditRequest, QueueState } from '../../contract/index.ts';
import { changedQueue } from '../../transport/index.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { openQueue } from './queue.ts';

let folder: string;
let database: Database;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-queue-'));
  database = openDatabase(folder);
});
afterEach(async () => {
  database.close();
  await rm(folder, { recursive: true, force: true });
});
const request = (seed = 1): EditRequest => ({ method: 'generate', checkpoint: 'embedded/image', prompt: 'x', seed });

describe('a queue of many', () => {
  it('reads no row again and sends only what changed, whatever happens to one of 3,000 jobs', () => {
    let reads = 0;
    const counting: Database = {
      ...database,
      prepare(sql) {
        const { get, all, run, iterate } = database.prepare(sql);
        const counted =
          <Given extends unknown[], Out>(work: (...given: Given) => Out) =>
          (...given: Given) => {
            if (/FROM jobs/.test(sql) && sql.startsWith('SELECT')) reads += 1;
            return work(...given);
          };
        return { get: counted(get), all: counted(all), run, iterate } as never;
      },
    };
    const queue = openQueue(counting);
    database.exec('BEGIN');
    const jobs = Array.from({ length: 3000 }, (_, seed) => queue.submit({ request: request(seed) }));
    database.exec('COMMIT');
    queue.changes();
    reads = 0;
    const acts: (() => unknown)[] = [
      () => queue.submit({ request: request(1) }),
      () => queue.submit({ request: request(2), isFirst: true }),
      () => queue.started(jobs[0]!),
      () => queue.putBack(jobs[0]!, true),
      () => queue.ended(jobs[5]!, 'failed', { kind: 'internal', message: 'x' }),
      () => queue.retry(jobs[5]!),
      () => queue.move(jobs[2999]!, jobs[1]),
      () => queue.move(jobs[7]!),
      () => queue.remove(jobs[9]!),
      () => queue.next(),
    ];
    for (const act of acts) {
      act();
      const change = queue.changes();
      expect((change?.put.length ?? 0) + (change?.gone.length ?? 0)).toBeLessThanOrEqual(1);
    }
    expect(reads).toBe(0);
    expect(queue.changes()).toBeUndefined();
  });

  it('keeps its order when one place is taken over and over, and writes few rows for it', () => {
    let writes = 0;
    const counting: Database = {
      ...database,
      prepare(sql) {
        const { get, all, run, iterate } = database.prepare(sql);
        const counted = (...given: never[]) => {
          writes += 1;
          return run(...given);
        };
        return { get, all, run: counted, iterate } as never;
      },
    };
    const queue = openQueue(counting);
    database.exec('BEGIN');
    let expected = Array.from({ length: 500 }, (_, seed) => queue.submit({ request: request(seed) }));
    database.exec('COMMIT');
    queue.changes();
    writes = 0;
    const most: number[] = [];
    for (let turn = 0; turn < 1000; turn++) {
      const job = expected.at(-1)!;
      const before = expected[250]!;
      const written = writes;
      queue.move(job, before);
      most.push(writes - written);
      expected = expected.filter((id) => id !== job);
      expected.splice(250, 0, job);
      expect(queue.changes()?.put.map(({ at, job }) => [at, job.job])).toEqual([[250, job]]);
    }
    expect(queue.state().jobs.map((queued) => queued.job)).toEqual(expected);
    expect(Math.max(...most)).toBeGreaterThan(1); // the places were too close at some time
    expect(Math.max(...most)).toBeLessThan(100);
    expect(writes).toBeLessThan(3000);
    expect(
      openQueue(database)
        .state()
        .jobs.map((queued) => queued.job),
    ).toEqual(expected);
  });
});

type Act = readonly [what: number, which: number, where: number];
const acts = fc.array(fc.tuple(fc.nat(9), fc.nat(20), fc.nat(20)), { maxLength: 60 });

it('any course of changes gives those who listen the list of the queue, and the next process the same', () => {
  fc.assert(
    fc.property(acts, (list: Act[]) => {
      database.exec('DELETE FROM jobs');
      const queue = openQueue(database);
      let seen: QueueState = { isPaused: queue.isPaused(), jobs: [] };
      for (const [index, [what, which, where]] of list.entries()) {
        const { jobs } = queue.state();
        const job = jobs[which % Math.max(1, jobs.length)]?.job;
        const other = jobs[where % Math.max(1, jobs.length)]?.job;
        try {
          if (what < 3 || job === undefined) queue.submit({ request: request(index), isFirst: what === 1 });
          else if (what === 3) queue.started(job);
          else if (what === 4) queue.ended(job, 'failed', { kind: 'internal', message: 'x' });
          else if (what === 5) queue.putBack(job, false);
          else if (what === 6) queue.remove(job);
          else if (what === 7) queue.move(job, other);
          else if (what === 8) queue.retry(job);
          else queue.setPaused(!queue.isPaused());
        } catch (error) {
          expect(String(error)).toMatch(/is (waiting|running|failed|cancelled); |There is no job/);
        }
        // Not told after every change: several come as one.
        const change = index % 3 === 0 ? queue.changes() : undefined;
        if (change !== undefined) seen = changedQueue(changedQueue(seen, change), change);
      }
      const last = queue.changes();
      if (last !== undefined) seen = changedQueue(seen, last);
      expect(seen).toEqual(queue.state());
      const waiting = (state: QueueState) =>
        state.jobs.map((job) => [job.job, job.state === 'running' ? 'waiting' : job.state]);
      expect(new Map(waiting(openQueue(database).state()) as never)).toEqual(new Map(waiting(queue.state()) as never));
    }),
    { numRuns: 60 },
  );
});
