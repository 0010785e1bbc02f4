import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findFfmpeg } from '../native/ffmpeg.ts';
import { ATTUNE } from './served.ts';

/** Kills in a run of the tests for each command; more by hand: `ATTUNE_KILLS=300`. */
const KILLS = Number(process.env.ATTUNE_KILLS ?? 2);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-crash-'));
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Runs the command as a user does; with `killMs` it and what it started is killed so long after its start. */
function attune(
  argv: readonly string[],
  killMs?: number,
): Promise<{ readonly code: number | null; readonly err: string }> {
  const child: ChildProcess = spawn(process.execPath, [ATTUNE, ...argv, '--quiet'], {
    cwd: folder,
    env: { ...process.env, HOME: folder, XDG_STATE_HOME: '', XDG_DATA_HOME: '', XDG_CACHE_HOME: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let err = '';
  child.stderr?.on('data', (part: Buffer) => {
    err += part.toString();
  });
  const timer =
    killMs === undefined
      ? undefined
      : setTimeout(() => {
          // As a power cut takes all: the command, its processes, ffmpeg.
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        }, killMs);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, err });
    }),
  );
}

const hasFfmpeg = findFfmpeg(process.env) !== undefined;
const COMMANDS: readonly (readonly [string, readonly string[], string])[] = [
  ['generate', ['generate', '-p', 'a red apple', '-s', '3', '--steps', '2'], 'out.png'],
  ['video into WebP', ['video', '-p', 'a red apple', '-s', '3', '--steps', '1', '--frames', '9'], 'out.webp'],
  ...(hasFfmpeg
    ? ([
        ['video into MP4', ['video', '-p', 'a red apple', '-s', '3', '--steps', '1', '--frames', '9'], 'out.mp4'],
      ] as const)
    : []),
];

it.each(COMMANDS)(
  `%s killed at ${KILLS} random moments leaves no half file, and runs again to the same bytes`,
  async (_name, argv, out) => {
    const path = join(folder, out);
    const startMs = performance.now();
    expect(await attune([...argv, '-o', path])).toMatchObject({ code: 0 });
    const wholeMs = performance.now() - startMs;
    const whole = await readFile(path);
    await rm(path);
    const before = await readdir(folder);
    for (let kill = 0; kill < KILLS; kill++) {
      // Most of a run is its start; what is killed late may have been through.
      await attune([...argv, '-o', path], wholeMs * (0.3 + 0.75 * Math.random()));
      const left = await readFile(path).catch(() => undefined);
      if (left !== undefined) expect(left.equals(whole)).toBe(true);
      const again = await attune([...argv, '-o', path, '--force']);
      expect(again).toMatchObject({ code: 0 });
      expect((await readFile(path)).equals(whole)).toBe(true);
      await rm(path);
      // Nor does anything pile up beside it.
      expect((await readdir(folder)).toSorted()).toEqual(before.toSorted());
    }
  },
  120_000 + KILLS * 30_000,
);
