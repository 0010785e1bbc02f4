import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { folderOf } from '../test/checkpoint-files.ts';
import { TINY_SD3, writeTinyModel } from '../test/tiny-model.ts';

/** Commands as a user starts them, stopped within a step that takes far longer than the test: by real signals, of real processes. */
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const SLOW = ['--size', '1024x1024', '--steps', '2', '--seed', '1'];

const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
});

/** A command in a process group of its own, as a terminal starts it. */
async function start(folder: string, argv: readonly string[]) {
  const own = (kind: string) => join(folder, '..', `${kind}-of-test`);
  const env = {
    ...process.env,
    XDG_STATE_HOME: own('state'),
    XDG_CONFIG_HOME: own('config'),
    HF_HUB_CACHE: own('hub'),
  };
  const child = spawn(process.execPath, [MAIN, ...argv], { env, cwd: folder, stdio: 'pipe', detached: true });
  const pid = child.pid ?? 0;
  started.push(pid);
  let [out, err] = ['', ''];
  const until = (text: string) => expect.poll(() => err, { interval: 10, timeout: 60_000 }).toContain(text);
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((done) =>
    child.once('close', (code) => done({ code, out, err })),
  );
  return { pid, until, ended };
}

/** Processes whose parent this is. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await readFile(join('/proc', name, 'stat'), 'utf8').catch(() => '') : '';
    if (stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(pid)) found.push(Number(name));
  }
  return found;
}

/** Also one that has ended and that nobody has asked after is gone. */
async function isGone(pid: number): Promise<boolean> {
  const stat = await readFile(join('/proc', String(pid), 'stat'), 'utf8').catch(() => '');
  return stat === '' || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

const slowModel = () => writeTinyModel({ ...TINY_SD3, side: 256 });

/** A command that is in the middle of a step, and the process that runs it. */
async function inStep() {
  const folder = folderOf({});
  const argv = ['generate', '-p', 'a red apple', '-m', slowModel(), ...SLOW, '-o', 'out.png'];
  const command = await start(folder, argv);
  await command.until('working');
  const [runner = 0, ...others] = await childrenOf(command.pid);
  expect([runner > 0, others]).toEqual([true, []]);
  return { ...command, folder, runner };
}

describe.skipIf(process.platform !== 'linux')('a command within a step', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('answers %s, and ends before the step does', async (signal) => {
    const { pid, until, ended, folder, runner } = await inStep();
    process.kill(pid, signal);
    await until('attune: stopping; press Ctrl-C again to stop at once\n');
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toMatch(/attune: The job was cancelled\.\n$/);
    expect(err).not.toContain('step 1');
    expect(await readdir(folder)).toEqual([]);
    await expect.poll(() => isGone(runner)).toBe(true);
  });

  it.each(['SIGINT', 'SIGHUP'] as const)('is the one that answers %s to the whole group', async (signal) => {
    const { pid, ended, runner } = await inStep();
    process.kill(-pid, signal);
    const { code, err } = await ended;
    expect([code, err.includes('The job was cancelled.'), err.includes('memory')]).toEqual([130, true, false]);
    await expect.poll(() => isGone(runner)).toBe(true);
  });

  it('ends at once when it is told twice', async () => {
    const { pid, until, ended, folder, runner } = await inStep();
    process.kill(pid, 'SIGINT');
    await until('stopping');
    // Two that come together are one press.
    const again = setInterval(() => process.kill(pid, 'SIGINT'), 50);
    const { code, err } = await ended.finally(() => clearInterval(again));
    expect(code).toBe(130);
    // It did not wait for the running step.
    expect(err).not.toContain('The job was cancelled.');
    expect(await readdir(folder)).toEqual([]);
    await expect.poll(() => isGone(runner)).toBe(true);
  });

  it('takes its runner with it when it is killed', async () => {
    const { pid, ended, runner, folder } = await inStep();
    process.kill(pid, 'SIGKILL');
    await ended;
    await expect.poll(() => isGone(runner)).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells a runner that the system ended as memory that ran out, with what took it', async () => {
    const { ended, runner, folder } = await inStep();
    process.kill(runner, 'SIGKILL');
    const { code, err } = await ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      /as it does when memory runs out\. It was running the transformer, which needs about 0\.\d\d GB/,
    );
    expect(err).toMatch(/Ask for a smaller size than 1024x1024, or close other programs \(--size WxH\)\.\n$/);
    expect(await readdir(folder)).toEqual([]);
  });
});

it('a batch that is stopped says how it goes on, and does', async () => {
  const folder = folderOf({ 'jobs.csv': 'prompt,size,steps\na red apple,16x16,1\na red apple,320x320,2\n' });
  const pictures = async () =>
    (await readdir(join(folder, 'made')).catch(() => [])).filter((name) => name.endsWith('.png'));
  const argv = ['batch', 'jobs.csv', '-m', slowModel(), '--seed', '1', '-o', 'made'];
  const stopped = await start(folder, argv);
  // The first row lies on the disk, so that the second one runs.
  await expect.poll(pictures, { timeout: 60_000 }).toHaveLength(1);
  process.kill(stopped.pid, 'SIGINT');
  const { code, err } = await stopped.ended;
  expect(code).toBe(130);
  expect(err).toContain('stopped with 1 of 2 jobs done; go on with "attune batch --resume -o made"');
  expect((await readdir(join(folder, 'made'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  const resumed = await (await start(folder, ['batch', '--resume', '-o', 'made'])).ended;
  expect([resumed.code, resumed.out]).toEqual([0, expect.stringContaining('2 of 2 jobs done')]);
  expect(await pictures()).toHaveLength(2);
});

it('a run with nobody at a terminal says each stage, and nothing with --quiet', async () => {
  const folder = folderOf({});
  const argv = ['generate', '-p', 'a red apple', '--steps', '2', '--seed', '1'];
  const said = await (await start(folder, [...argv, '-o', 'a.png'])).ended;
  expect(said.code).toBe(0);
  expect(said.err.split('\n').filter((line) => !line.startsWith('attune: step'))).toEqual([
    'attune: opening the model',
    'attune: reading the prompt',
    'attune: working',
    'attune: making the picture',
    'attune: writing',
    '',
  ]);
  const quiet = await (await start(folder, [...argv, '--quiet', '--json', '-o', 'b.png'])).ended;
  expect([quiet.code, quiet.err, JSON.parse(quiet.out).ok]).toEqual([0, '', true]);
});
