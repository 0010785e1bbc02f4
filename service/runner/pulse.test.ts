import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isRunning } from '../../native/files.ts';
import { openTestDesk, type TestDesk } from '../testdesk.ts';
import { forkRunner } from './fork.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-pulse-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

/** A runner's entry that starts its pulse and then does not come back from its work, as in a step of a large network. */
async function busyEntry(ms: number): Promise<string> {
  const entry = join(folder, `busy-${ms}.mjs`);
  await writeFile(
    entry,
    `import { startPulse } from ${here('./pulse.ts')};
     startPulse(4);
     process.on('message', () => {});
     process.send('busy');
     setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms}), 500);
     setTimeout(() => process.send('through'), 600);`,
  );
  return entry;
}

describe('a runner', () => {
  it('that a step keeps busy for longer than the watch is patient is not ended', async () => {
    const runner = forkRunner({ entry: await busyEntry(8000), silentMs: 4000 });
    const heard: unknown[] = [];
    let exit: unknown;
    runner.onExit((how) => {
      exit = how;
    });
    runner.port.onMessage((message) => heard.push(message));
    await expect.poll(() => heard, { timeout: 60_000 }).toEqual(['busy', 'through']);
    expect(exit).toBeUndefined();
    runner.kill();
    await expect.poll(() => exit).toMatchObject({ isCrash: false });
  });

  it('ends within a step when its service was killed', async () => {
    const parent = join(folder, 'parent.mjs');
    await writeFile(
      parent,
      `import { forkRunner } from ${here('./fork.ts')};
       const runner = forkRunner({ entry: ${JSON.stringify(await busyEntry(600_000))} });
       runner.port.onMessage((message) => message === 'busy' && setTimeout(() => console.log(runner.pid), 1500));`,
    );
    const service = spawn(process.execPath, [parent], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((told) => service.stdout.once('data', (text) => told(Number(String(text)))));
    service.kill('SIGKILL');
    await expect.poll(() => isRunning(pid), { timeout: 60_000 }).toBe(false);
  });
});

describe('a service', () => {
  let desk: TestDesk;
  afterEach(() => desk.remove());

  it('ends a runner that is stopped, says so, and runs its job to the same result; twice stopped, the job is set aside', async () => {
    desk = await openTestDesk(undefined, { silentMs: 3000 });
    const { client, events, runners } = desk;
    const run = async (steps: number) => {
      const request = { method: 'generate', checkpoint: 'embedded/image', prompt: 'a red apple', seed: 3, steps };
      return (await client.call('jobs.submit', { request })).job;
    };
    const until = (work: () => boolean) => expect.poll(work, { timeout: 90_000, interval: 20 }).toBe(true);
    const sha256Of = async (job: string) => {
      await until(() => events.some((event) => event.kind === 'result' && event.entry.id === job));
      const { entries } = await client.call('history.list', { limit: 9 });
      return entries.find(({ id }) => id === job)?.result.ref.sha256;
    };
    const stopIn = async (job: string) => {
      const seen = events.length;
      await until(() =>
        events.slice(seen).some((event) => event.kind === 'run' && event.job === job && event.event.kind === 'step'),
      );
      process.kill((runners.at(-1) as unknown as { pid: number }).pid, 'SIGSTOP');
    };
    const undisturbed = await sha256Of(await run(12));
    const job = await run(12);
    await stopIn(job);
    expect(await sha256Of(job)).toBe(undisturbed);
    const said = () => events.flatMap((event) => (event.kind === 'engine' ? [event.sentence] : []));
    expect(said()).toContain(
      'The process that runs networks did not answer for 3 seconds and was ended. It is starting again.',
    );
    const poisonous = await run(400);
    await stopIn(poisonous);
    await stopIn(poisonous);
    await until(() => said().some((sentence) => /third time in five minutes/.test(sentence)));
    const { queue } = await client.call('hello', {});
    expect(queue.jobs).toMatchObject([{ job: poisonous, state: 'failed', error: { message: /set aside/ } }]);
  });
});
