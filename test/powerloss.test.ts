import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openImageCodec } from '../native/images.ts';
import { killOptions } from '../service/batch/kill-job.ts';
import { runBatch } from '../service/batch/run.ts';
import { openQueue } from '../service/queue/queue.ts';
import { openDatabase } from '../service/store/database.ts';
import { openHistory } from '../service/store/history.ts';
import { openJournal } from '../service/store/journal.ts';
import { randomNumbers } from './mutations.ts';
import { Disk, type Loss } from './powerloss/disk.ts';
import type { Told } from './powerloss/told.ts';
import { noTrace, traceOf } from './powerloss/trace.ts';

/** Moments at which the power goes, each with three ways to lose what was not synced; more by hand: `ATTUNE_MOMENTS=2000`. */
const MOMENTS = Number(process.env.ATTUNE_MOMENTS ?? 40);
const ROUNDS = 12;
const LOSSES: readonly Loss[] = ['everything lost', 'some lost, some torn', 'nothing lost'];

const skipped = noTrace();
let root: string;
/** In memory where there is such a place: a disk that syncs every state for itself takes long. */
let states: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'attune-power-'));
  states = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'attune-power-'));
});
afterEach(async () => {
  for (const folder of [root, states]) await rm(folder, { recursive: true, force: true });
});

const codec = openImageCodec();

/** Everything that was told is in what the power loss left, and whatever is there is whole. */
async function check(folder: string, told: readonly Told[]): Promise<void> {
  const of = <Kind extends Told['kind']>(kind: Kind) =>
    told.filter((one): one is Extract<Told, { kind: Kind }> => one.kind === kind);
  const database = openDatabase(join(folder, 'state'));
  try {
    expect(database.notices).toEqual([]);
    const entries = openJournal(database)
      .read()
      .entries.map((bytes) => Number.parseInt(new TextDecoder().decode(bytes), 10));
    const count = of('entry').length;
    expect(entries).toEqual(Array.from({ length: entries.length }, (_, index) => index + 1));
    expect(entries.length - count).toSatisfy((more: number) => more === 0 || more === 1);
    const queue = openQueue(database);
    const history = openHistory(database);
    for (const { job } of of('job')) expect([queue.find(job) !== undefined, history.has(job)]).toContain(true);
    for (const { job } of of('done')) expect([queue.find(job), history.has(job)]).toEqual([undefined, true]);
    for (const { result } of history.list(500)) await picture(folder, result.ref.sha256);
  } finally {
    database.close();
  }
  for (const { sha256 } of of('picture')) await picture(folder, sha256);
  const round = of('settings').at(-1)?.round;
  if (round !== undefined) {
    const read = JSON.parse(await readFile(join(folder, 'settings.json'), 'utf8')) as { readonly round: number };
    expect(read.round - round).toSatisfy((more: number) => more === 0 || more === 1);
  }
  const files = of('file');
  const before = new Map<string, Buffer>();
  for (const { file } of files) before.set(file, await readFile(join(folder, 'batch', file)));
  if (told.every(({ kind }) => kind !== 'settings')) return;
  await mkdir(join(folder, 'batch'), { recursive: true });
  const again: string[] = [];
  const outcome = await runBatch({
    ...killOptions(join(folder, 'batch'), codec),
    resume: existsSync(join(folder, 'batch', 'batch.jsonl')),
    onProgress: ({ status, file }) => {
      if (status === 'done' && file !== undefined) again.push(file);
    },
  });
  expect(outcome).toMatchObject({ state: 'finished', done: 12, failed: 0 });
  for (const [file, bytes] of before) {
    expect(again).not.toContain(file);
    expect(bytes.equals(await readFile(join(folder, 'batch', file)))).toBe(true);
  }
}

async function picture(folder: string, sha256: string): Promise<void> {
  const bytes = await readFile(join(folder, 'data', 'media', sha256.slice(0, 2), sha256));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
}

it.skipIf(skipped !== undefined)(
  `what was answered is there after a power loss at ${MOMENTS} moments${skipped === undefined ? '' : ` (${skipped})`}`,
  async () => {
    const work = join(root, 'work');
    await mkdir(work);
    const calls = traceOf(
      [join(import.meta.dirname, 'powerloss', 'work-child.ts'), work, String(ROUNDS)],
      join(root, 'trace'),
    );
    const ending = calls.findLastIndex(({ kind }) => kind === 'told');
    const random = randomNumbers(ROUNDS);
    const moments = new Set<number>();
    const start = calls.findIndex(({ kind }) => kind === 'told');
    while (moments.size < Math.min(MOMENTS, ending - start)) moments.add(start + 1 + random(ending - start));
    const disk = new Disk(work);
    const told: Told[] = [];
    let tried = 0;
    for (const [index, call] of calls.entries()) {
      disk.apply(call);
      if (call.kind === 'told') told.push(JSON.parse(call.text) as Told);
      if (!moments.has(index)) continue;
      for (const loss of LOSSES) {
        const folder = join(states, `${index}-${loss}`);
        disk.leave(folder, loss, random);
        await check(folder, told).catch((error: unknown) => {
          const where = `after call ${index} of ${calls.length} (${call.kind}), ${loss}, told ${JSON.stringify(told.at(-1))}`;
          throw new Error(`${where}: ${String(error)}`, { cause: error });
        });
        await rm(folder, { recursive: true });
        tried += 1;
      }
    }
    expect(told.filter(({ kind }) => kind === 'file')).toHaveLength(12);
    process.stdout.write(
      `${calls.length} calls recorded, ${tried} states after a power loss, nothing that was answered was lost\n`,
    );
  },
  120_000 + MOMENTS * 3000,
);
