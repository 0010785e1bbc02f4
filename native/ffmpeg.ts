import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { resolve as absolute, delimiter, join } from 'node:path';
import { AttuneError, throwIfCancelled } from '../engine/base/errors.ts';
import { fileFailure } from './files.ts';

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

/** A path as a file and nothing else: bare, "12:30/a.mp4", "pipe:1" and "-x.mp4" are an address, a pipe and an option. */
export const fileArgument = (path: string): string => `file:${absolute(path)}`;

/** How long a guest may go without a sign of life while it is waited for. */
const PATIENCE_MS = 120_000;

/** What the disk says through it: every system has its own words only for the last. */
const DISK: readonly (readonly [RegExp, string])[] = [
  [/No space left on device|not enough space on the disk/i, 'ENOSPC'],
  [/Disk quota exceeded/i, 'EDQUOT'],
  [/Read-only file system/i, 'EROFS'],
  [/Permission denied/i, 'EACCES'],
  [/Input\/output error/i, 'EIO'],
];

const guests = new Set<Guest>();
process.on('exit', () => {
  for (const guest of guests) guest.kill();
});

export interface GuestOptions {
  /** The file that its errors name, and what became of it. */
  readonly file: string;
  readonly what: string;
  /** Without a sign of life for so long while it is waited for, it is ended; default two minutes. */
  readonly patienceMs?: number;
  /** Aborted: it is ended, with 'cancelled'. */
  readonly signal?: AbortSignal | undefined;
}

export interface Program {
  readonly name: 'ffmpeg' | 'ffprobe';
  readonly path: string;
}

/** One run. */
export class Guest {
  readonly child: ChildProcess;
  /** Resolves when it has ended well. Rejects with 'media-invalid' or 'file-failed' and what it said last. */
  readonly ended: Promise<void>;
  readonly #patienceMs: number;
  #said = '';
  #timer: NodeJS.Timeout | undefined;
  #isStuck = false;

  /** A further pipe, number 3, is opened for output. */
  constructor(
    program: Program,
    args: readonly string[],
    { file, what, patienceMs = PATIENCE_MS, signal }: GuestOptions,
  ) {
    this.#patienceMs = patienceMs;
    throwIfCancelled(signal);
    const onAbort = () => this.kill();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.child = spawn(program.path, [...(program.name === 'ffmpeg' ? QUIET : []), ...args], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
      env: { PATH: process.env.PATH ?? '' },
    });
    guests.add(this);
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-KEPT_TEXT);
    });
    for (const stream of [this.child.stdout, this.child.stderr, this.#further()])
      stream?.on('data', () => this.#timer?.refresh());
    // A guest that ends early closes its input; its exit says why.
    this.child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new AttuneError('media-invalid', `${file} ${what}: ${why}.`, { file }));
      this.child.once('error', (error) => fail(error.message));
      this.child.once('close', (code, killedBy) => {
        guests.delete(this);
        clearTimeout(this.#timer);
        signal?.removeEventListener('abort', onAbort);
        if (code === 0) return resolve();
        if (signal?.aborted) return reject(new AttuneError('cancelled', 'The job was cancelled.'));
        if (this.#isStuck)
          return fail(`ffmpeg did not go on for ${Math.round(this.#patienceMs / 1000)} s and was ended`);
        const disk = DISK.find(([words]) => words.test(this.#said))?.[1];
        if (disk !== undefined) return reject(fileFailure(file, disk));
        fail(this.#said.trim().split('\n').at(-1)?.slice(0, 300) || `ffmpeg ended with ${killedBy ?? code}`);
      });
    });
    this.ended.catch(() => {});
  }

  /** All that comes through pipe 3, as text. */
  readonly notes = (): Promise<string> => {
    const parts: Uint8Array[] = [];
    const stream = this.#further();
    stream?.on('data', (part: Uint8Array) => parts.push(part));
    return this.ended.then(() => Buffer.concat(parts).toString('latin1'));
  };

  #further() {
    const stream = this.child.stdio[3];
    return stream !== undefined && stream !== null && 'read' in stream ? stream : undefined;
  }

  /** Writes to its input and waits while it is full. */
  async write(data: Uint8Array): Promise<void> {
    const { stdin } = this.child;
    if (stdin === null || stdin.destroyed) return this.ended;
    if (stdin.write(data)) return;
    const drained = Promise.withResolvers<void>();
    stdin.once('drain', drained.resolve);
    await this.#patiently(Promise.race([drained.promise, this.ended]));
  }

  /** Closes its input and waits for its end, with the patience that it was given. */
  async finish(): Promise<void> {
    this.child.stdin?.end();
    await this.#patiently(this.ended);
  }

  async #patiently(work: Promise<void>): Promise<void> {
    this.#timer = setTimeout(() => {
      this.#isStuck = true;
      this.kill();
    }, this.#patienceMs);
    try {
      await work;
    } finally {
      clearTimeout(this.#timer);
    }
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

/** What a guest writes to its output, at most so much of it, and to pipe 3. */
export async function guestOutput(
  program: Program,
  args: readonly string[],
  about: GuestOptions,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly notes: string }> {
  const guest = new Guest(program, args, about);
  const notes = guest.notes();
  notes.catch(() => {});
  const parts: Uint8Array[] = [];
  let length = 0;
  guest.child.stdout?.on('data', (part: Uint8Array) => {
    length += part.length;
    if (length > limit) guest.kill();
    else parts.push(part);
  });
  try {
    await guest.finish();
  } finally {
    guest.kill();
  }
  // No Buffer: its `slice` shares memory where that of other arrays copies.
  const { buffer, byteOffset } = Buffer.concat(parts);
  return { bytes: new Uint8Array(buffer, byteOffset, length), notes: await notes };
}

/** Throws 'media-invalid' with the way out where there is no ffmpeg. */
export function requireFfmpeg(env: Env, file: string, name: Program['name'] = 'ffmpeg'): Program {
  const path = findFfmpeg(env, name);
  if (path !== undefined) return { name, path };
  throw new AttuneError(
    'media-invalid',
    `${file} needs ffmpeg, which is not part of Attune and was not found on PATH. Install it (with ${name}), or name it in ATTUNE_FFMPEG; animated WebP, GIF and folders of PNG frames work without it, and the editor writes MP4 by itself.`,
    { file },
  );
}
