import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMetadata } from '../engine/index.ts';

/** The program as a user starts it: a process of its own, with real signals and pipes. */
const PROGRAM = fileURLToPath(new URL('./attune.mjs', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-process-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

function start(argv: readonly string[], input?: Uint8Array) {
  const env = { ...process.env, XDG_STATE_HOME: join(folder, 'state'), HF_HUB_CACHE: join(folder, 'hub') };
  const child = spawn(process.execPath, [PROGRAM, ...argv], { env, cwd: folder, stdio: 'pipe' });
  const out: Buffer[] = [];
  let err = '';
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
  });
  child.stdin.on('error', () => {}); // it may end before it has read everything
  child.stdin.end(input);
  const ended = new Promise<Ended>((done) =>
    child.once('close', (code) => done({ code, out: Buffer.concat(out), err })),
  );
  return { child, ended };
}

const visible = async () => (await readdir(folder)).filter((name) => name !== 'state');

describe('the program', () => {
  it('edits from pipe to pipe', async () => {
    const made = await start(['generate', '-p', 'a red apple', '--steps', '3', '-o', '-']).ended;
    expect(made.code).toBe(0);
    const argv = ['edit', '-', '--from', 'a red apple', '--to', 'a green apple', '--steps', '3', '-o', '-'];
    const edited = await start(argv, made.out).ended;
    expect(edited.code).toBe(0);
    expect(readMetadata(edited.out).record?.request.source?.name).toBe('stdin');
  });

  it('reports a wrong command line without a stack trace', async () => {
    const { code, out, err } = await start(['generate', '--prmpt', 'x']).ended;
    expect([code, out.length, err]).toEqual([
      2,
      0,
      'attune: attune generate has no option --prmpt. Did you mean --prompt?\n',
    ]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s at the next step, with nothing left behind', async (signal) => {
    // A busy machine takes longer to start: the signal comes when a program has long been there.
    const startMs = performance.now();
    await start(['--version']).ended;
    const aliveMs = performance.now() - startMs;
    const { child, ended } = start(['generate', '-p', 'x', '--steps', '1000', '-o', 'long.png']);
    setTimeout(() => child.kill(signal), 1200 + 3 * aliveMs);
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toContain('The job was cancelled.');
    expect(await visible()).toEqual([]);
  });

  it('never leaves half a file, whenever it is interrupted', async () => {
    const argv = ['generate', '-p', 'x', '--steps', '3', '-o', 'out.png', '--maps', 'maps', '--force'];
    const old = 'an older picture';
    const startMs = performance.now();
    expect((await start(argv).ended).code).toBe(0);
    const wholeMs = performance.now() - startMs;
    const seen = new Set<number | null>();
    for (let round = 0; round < 16; round++) {
      await writeFile(join(folder, 'out.png'), old);
      const { child, ended } = start(argv);
      setTimeout(() => child.kill('SIGINT'), (wholeMs * (round + 1)) / 14);
      const { code } = await ended;
      seen.add(code);
      const bytes = await readFile(join(folder, 'out.png'));
      // Finished first: 0; cancelled: 130; null: ended before it listened or, its work done, after it had stopped listening.
      const isWhole = bytes.toString() !== old && readMetadata(bytes).record !== undefined;
      if (code === 0 || (code === null && isWhole)) expect(isWhole).toBe(true);
      else expect(bytes.equals(Buffer.from(old)), `left alone after exit code ${code}`).toBe(true);
      expect((await visible()).filter((name) => !['out.png', 'maps'].includes(name))).toEqual([]);
    }
    expect([...seen]).toContain(130);
  });
});
