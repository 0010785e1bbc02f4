import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AttuneError } from '../engine/base/errors.ts';

/**
 * The system's ffmpeg as a guest: it is never part of Attune. It gets an argument array and no shell, may open files and pipes only, ends with
 * its whole group when its work is given up or this process goes, and what it says is kept only in part.
 */

export type Env = Readonly<Record<string, string | undefined>>;

/** Where it is: `ATTUNE_FFMPEG`, else the first on `PATH`; undefined where there is none. */
export function findFfmpeg(env: Env, name: 'ffmpeg' | 'ffprobe' = 'ffmpeg'): string | undefined {
  const ending = process.platform === 'win32' ? '.exe' : '';
  const named = env.ATTUNE_FFMPEG;
  if (named !== undefined && named !== '') {
    const beside = name === 'ffmpeg' ? named : join(named, '..', `${name}${ending}`);
    return isRunnable(beside) ? beside : undefined;
  }
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, `${name}${ending}`))
    .find(isRunnable);
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Of what it says on its error output, the end. */
const KEPT_TEXT = 8192;
/** Options before everything else: no questions, no banner, no network, whatever an input asks for. */
const QUIET = ['-hide_banner', '-nostdin', '-loglevel', 'error'] as const;
export const LOCAL = ['-protocol_whitelist', 'file,pipe'] as const;

const guests = new Set<Guest>();
process.on('exit', () => {
  for (const guest of guests) guest.kill();
});

/** One run. */
export class Guest {
  readonly child: ChildProcess;
  /** Resolves when it has ended well. Rejects with 'media-invalid' or 'file-failed' and what it said last. */
  readonly ended: Promise<void>;
  #said = '';

  constructor(program: string, args: readonly string[], about: { readonly file: string; readonly what: string }) {
    const isFfmpeg = /ffmpeg(\.exe)?$/.test(program);
    this.child = spawn(program, [...(isFfmpeg ? QUIET : []), ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
      env: { PATH: process.env.PATH ?? '' },
    });
    guests.add(this);
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-KEPT_TEXT);
    });
    // A guest that ends early closes its input; its exit says why.
    this.child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve, reject) => {
      const fail = (why: string) =>
        reject(new AttuneError('media-invalid', `${about.file} ${about.what}: ${why}.`, { file: about.file }));
      this.child.once('error', (error) => fail(error.message));
      this.child.once('close', (code, signal) => {
        guests.delete(this);
        if (code === 0) resolve();
        else fail(this.#said.trim().split('\n').at(-1)?.slice(0, 300) || `ffmpeg ended with ${signal ?? code}`);
      });
    });
    this.ended.catch(() => {});
  }

  /** Writes to its input and waits while it is full. */
  async write(data: Uint8Array): Promise<void> {
    const { stdin } = this.child;
    if (stdin === null || stdin.destroyed) return this.ended;
    if (stdin.write(data)) return;
    const drained = Promise.withResolvers<void>();
    stdin.once('drain', drained.resolve);
    await Promise.race([drained.promise, this.ended]);
  }

  kill(): void {
    const { pid, exitCode } = this.child;
    if (pid === undefined || exitCode !== null) return;
    try {
      if (process.platform === 'win32') this.child.kill('SIGKILL');
      else process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

/** Throws 'media-invalid' with the way out where there is no ffmpeg. */
export function requireFfmpeg(env: Env, file: string, name: 'ffmpeg' | 'ffprobe' = 'ffmpeg'): string {
  const found = findFfmpeg(env, name);
  if (found !== undefined) return found;
  throw new AttuneError(
    'media-invalid',
    `${file} needs ffmpeg, which is not part of Attune and was not found on PATH. Install it (with ${name}), or name it in ATTUNE_FFMPEG; animated WebP, GIF and folders of PNG frames work without it, and the editor writes MP4 by itself.`,
    { file },
  );
}
