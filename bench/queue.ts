import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallName, CallParams } from '../contract/index.ts';
import { foldersOf } from '../native/folders.ts';
import { EMBEDDED } from '../native/package.ts';
import { openService, type RunnerProcess } from '../service/index.ts';
import { hostCalls, openClient, portPair } from '../transport/index.ts';
import type { Bar, BenchContext, Benchmark, Figure } from './benchmark.ts';

/** Jobs that wait while one more is put in, moved or cancelled. */
const WAITING = 10_000;
const ROUNDS = 5;
const CALLS = 200;
const SUBMIT: Bar = { atMost: 0.02, by: 'wall' };
const CHANGE: Bar = { atMost: 0.05, by: 'wall' };

export const queue: Benchmark = {
  name: 'queue',
  title: `calls of the editor while ${WAITING} jobs wait: p99 of ${CALLS} calls, from question to answer`,
  async run(context) {
    const home = mkdtempSync(join(tmpdir(), 'attune-bench-queue-'));
    try {
      return await measure(context, home);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
};

/** A runner that never comes up: the jobs wait. */
const noRunner = (): RunnerProcess => ({ port: portPair()[0], kill: () => {}, onExit: () => {} });

async function measure({ say }: BenchContext, home: string): Promise<readonly Figure[]> {
  const service = await openService({
    folders: foldersOf({ platform: process.platform, home, env: {} }),
    version: '0.0.0',
    embedded: EMBEDDED,
    env: {},
    home,
    outputs: join(home, 'outputs'),
    startRunner: noRunner,
  });
  const [mine, theirs] = portPair();
  hostCalls(theirs, {
    handlers: service.handlers,
    isShell: true,
    explain: service.explain,
    subscribe: service.subscribe,
  });
  const client = openClient(mine);
  /** Seconds to the answer, after which those who listen have been told as well. */
  const ask = async <Name extends CallName>(name: Name, params: CallParams<Name>) => {
    const start = performance.now();
    const answer = await client.call(name, params);
    const seconds = (performance.now() - start) / 1000;
    await new Promise(setImmediate);
    return { answer, seconds };
  };
  let seed = 0;
  const submit = async () => {
    seed += 1;
    const request = { method: 'generate', checkpoint: 'embedded/image', prompt: 'a red apple on grass', seed };
    const { answer, seconds } = await ask('jobs.submit', { request });
    return { job: answer.job, seconds };
  };
  try {
    say(`${WAITING} jobs are put in`);
    const jobs: string[] = [];
    while (jobs.length < WAITING) jobs.push((await submit()).job);
    const place = Math.floor(WAITING / 2);
    /** Each gives the seconds that one call took, and leaves as many jobs as there were. */
    const acts: readonly (readonly [string, Bar, () => Promise<number>])[] = [
      [
        'submit',
        SUBMIT,
        async () => {
          const { job, seconds } = await submit();
          await ask('jobs.remove', { job });
          return seconds;
        },
      ],
      [
        'move, the last always to one place in the middle',
        CHANGE,
        async () => {
          const job = jobs.pop() ?? '';
          const { seconds } = await ask('jobs.move', { job, before: jobs[place] ?? '' });
          jobs.splice(place, 0, job);
          return seconds;
        },
      ],
      [
        'move, the first to the end',
        CHANGE,
        async () => {
          const job = jobs.shift() ?? '';
          jobs.push(job);
          return (await ask('jobs.move', { job })).seconds;
        },
      ],
      [
        'cancel',
        CHANGE,
        async () => {
          const job = jobs[place] ?? '';
          const { seconds } = await ask('jobs.cancel', { job });
          jobs.splice(place, 1);
          await ask('jobs.retry', { job });
          jobs.push(job);
          return seconds;
        },
      ],
    ];
    const figures: Figure[] = [];
    for (const [name, bar, act] of acts) {
      const values: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const seconds: number[] = [];
        for (let call = 0; call < CALLS; call += 1) seconds.push(await act());
        values.push(p99(seconds));
      }
      say(`${name}: p99 of each round ${values.map((value) => (1000 * value).toFixed(1)).join(', ')} ms`);
      figures.push({ label: `${name}, p99`, unit: 's', values, bar });
    }
    return figures;
  } finally {
    await service.close();
  }
}

/** What 99 of 100 stay at or below. */
function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? Number.NaN;
}
