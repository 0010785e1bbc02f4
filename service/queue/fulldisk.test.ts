import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DeskEvent, EditRequest } from '../../contract/index.ts';
import { foldersOf } from '../../native/folders.ts';
import { openImageCodec } from '../../native/images.ts';
import { fakeJob } from '../batch/kill-job.ts';
import type { Done, ToRunner } from '../runner/messages.ts';
import type { Supervisor } from '../runner/supervisor.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { openHistory } from '../store/history.ts';
import { openMediaStore } from '../store/media.ts';
import { openTimings } from '../store/timings.ts';
import { Dispatcher } from './dispatcher.ts';
import { openQueue } from './queue.ts';

/** SQLite itself says that the disk is full when a file has reached its most pages: the real error at every write in turn. */
let home: string;
let database: Database;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'attune-full-'));
  database = openDatabase(join(home, 'state'), { idleMs: 1 });
});
afterEach(async () => {
  database.close();
  await rm(home, { recursive: true, force: true });
});
const request: EditRequest = { method: 'generate', checkpoint: 'embedded/image', prompt: 'x'.repeat(19_000), seed: 1 };

/** No further page can be taken from now on. */
function fill(): void {
  const pages = Number(database.prepare('PRAGMA page_count').get()?.page_count);
  database.exec(`PRAGMA max_page_count = ${pages}`);
  // What is free within the pages too.
  const fillers = database.prepare('INSERT INTO journal (entry) VALUES (zeroblob(?))');
  for (const size of [4000, 400, 40, 4])
    for (;;)
      try {
        fillers.run(size);
      } catch {
        break;
      }
}
const makeRoom = () => database.exec('PRAGMA max_page_count = 1000000; DELETE FROM journal');

async function open() {
  const queue = openQueue(database);
  const history = openHistory(database);
  const events: DeskEvent[] = [];
  const sent: ToRunner[] = [];
  const supervisor = {
    state: 'ready',
    send: (message: ToRunner) => void sent.push(message),
    replace: () => {},
  } as unknown as Supervisor;
  const dispatcher: Dispatcher = new Dispatcher({
    database,
    queue,
    history,
    media: openMediaStore(database, foldersOf({ platform: 'linux', home, env: {} })),
    timings: openTimings(database),
    supervisor: () => supervisor,
    emit: (event) => void events.push(event),
    wantsPreviews: () => false,
    retryMs: 20,
  });
  return { queue, history, events, sent, dispatcher };
}

async function done(job: string): Promise<Done> {
  const { images, record } = await fakeJob({ request });
  const [image] = images;
  const bytes = new Uint8Array(await openImageCodec().encode(image!, 'png'));
  const result = { format: 'png', bytes, width: 24, height: 16 } as const;
  return { kind: 'done', job, result, record, maps: [], figures: { totalMs: 5 }, warnings: [] };
}

const crash = { isCrash: true, isOutOfMemory: false, sentence: 'It ended.' };

it('a result that the disk does not take waits, is told of, and is kept when there is room; the next job waits with it', async () => {
  const { dispatcher, queue, history, events, sent } = await open();
  const first = dispatcher.submit({ request });
  const second = dispatcher.submit({ request });
  fill();
  dispatcher.hear(await done(first));
  await expect.poll(() => events.filter(({ kind }) => kind === 'disk')).toHaveLength(1);
  expect(events.find(({ kind }) => kind === 'disk')).toMatchObject({
    state: 'failing',
    sentence: expect.stringMatching(/attune\.sqlite cannot be written: the disk is full; make room.*The result waits/),
  });
  expect(queue.get(first).state).toBe('running');
  expect(sent.filter(({ kind }) => kind === 'run')).toHaveLength(1);
  // Nor does the engine's end take it away.
  dispatcher.gone(crash);
  expect(queue.get(first).state).toBe('running');
  makeRoom();
  await expect.poll(() => history.has(first)).toBe(true);
  await expect.poll(() => sent.filter(({ kind }) => kind === 'run')).toHaveLength(2);
  expect(events.filter(({ kind }) => kind === 'disk').at(-1)).toMatchObject({ state: 'sound' });
  expect(queue.find(first)).toBeUndefined();
  expect(queue.get(second).state).toBe('running');
  dispatcher.close();
});

it('what was asked for and cannot be written is refused with the reason, and is not half there', async () => {
  const { dispatcher, queue } = await open();
  const job = dispatcher.submit({ request });
  fill();
  expect(() => dispatcher.submit({ request })).toThrow(/cannot be written: the disk is full/);
  expect(queue.state().jobs.map((queued) => queued.job)).toEqual([job]);
  makeRoom();
  expect(queue.state().jobs).toHaveLength(1);
  dispatcher.close();
});

it('a job fails, is put back and is cancelled on a full disk, and the disk learns of it when there is room', async () => {
  const { dispatcher, queue } = await open();
  const jobs = [1, 2, 3].map((seed) => dispatcher.submit({ request: { ...request, seed } }));
  fill();
  const message = 'y'.repeat(30_000);
  dispatcher.hear({ kind: 'failed', job: jobs[0]!, error: { kind: 'internal', message } });
  expect(queue.get(jobs[0]!).error?.message).toBe(message);
  dispatcher.gone(crash);
  expect(queue.get(jobs[1]!).state).toBe('waiting');
  dispatcher.cancel(jobs[2]!);
  expect(queue.get(jobs[2]!).state).toBe('cancelled');
  dispatcher.close();
  makeRoom();
  queue.save();
  expect(
    openQueue(database)
      .state()
      .jobs.map(({ job, state }) => [job, state]),
  ).toEqual([
    [jobs[1], 'waiting'],
    [jobs[0], 'failed'],
    [jobs[2], 'cancelled'],
  ]);
});

it('a queue with a job that was running opens on a full disk', async () => {
  const { queue, dispatcher } = await open();
  const job = dispatcher.submit({ request });
  expect(queue.get(job).state).toBe('running');
  dispatcher.close();
  fill();
  const again = openQueue(database);
  expect(again.get(job).state).toBe('waiting');
});
