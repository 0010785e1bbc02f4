import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AttuneError, throwIfCancelled } from '../engine/base/errors.ts';

/**
 * Results appear whole or not at all: bytes go into a temporary file in the same folder, are forced to disk, and take their name by
 * one rename, which is forced to disk as well. A reader, a crash and a cancelled job see the old file or the new one.
 */
export interface StagedFile {
  /** The file this will become, as a real path. */
  readonly path: string;
  /** Gives the file its name. Throws 'file-failed' when another file took it and `replace` was not set. */
  commit(): Promise<void>;
  /** Removes the temporary file; harmless after `commit`. */
  discard(): Promise<void>;
}

export interface StageOptions {
  /** Whether an existing file may be replaced. */
  readonly replace: boolean;
}

/** Temporary files of this process that are not yet named or removed. */
const unfinished = new Set<string>();

/** For the last moment before the process ends: removes what is unfinished, without waiting. */
export function discardAllNow(): void {
  for (const path of unfinished) {
    try {
      unlinkSync(path);
    } catch {
      // Nothing can be done about it any more; the next write to the same name sweeps it.
    }
  }
  unfinished.clear();
}

/** Writes `bytes`, which may come in parts, to a temporary file beside `path`; folders are made as needed. Throws 'file-failed' with a sentence. */
export async function stageFile(
  path: string,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  options: StageOptions,
): Promise<StagedFile> {
  return naming(path, async () => {
    const target = await targetOf(path, options.replace);
    const folder = dirname(target);
    await sweep(folder, basename(target));
    const temporary = join(folder, temporaryName(basename(target)));
    unfinished.add(temporary);
    const discard = async () => {
      await unlink(temporary).catch(ignoreMissing);
      unfinished.delete(temporary);
    };
    try {
      const file = await open(temporary, 'wx', 0o666);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await discard();
      throw error;
    }
    const commit = () =>
      naming(path, async () => {
        if (options.replace) await rename(temporary, target);
        else await nameOnce(temporary, target);
        unfinished.delete(temporary);
        await syncFolder(folder);
      });
    return { path: target, commit, discard };
  });
}

/**
 * Gives a file that another program wrote into the folder of `path` that name, as a staged file gets it. Throws 'file-failed' with a
 * sentence.
 */
export async function adoptFile(file: string, path: string, { replace }: StageOptions): Promise<void> {
  await naming(path, async () => {
    const target = await targetOf(path, replace);
    const written = await open(file, 'r+');
    await written.sync().finally(() => written.close());
    if (replace) await rename(file, target);
    else await nameOnce(file, target);
    await syncFolder(dirname(target));
  });
}

/**
 * Throws 'file-failed' unless `path` can take a result: for checking before a job runs. An empty file is written beside it and removed,
 * since permissions alone do not tell of read-only disks. Folders are made as needed.
 */
export async function checkTarget(path: string, replace: boolean): Promise<void> {
  const probe = await stageFile(path, new Uint8Array(0), { replace });
  await probe.discard();
}

/**
 * Throws 'file-failed' unless files can be made in `folder`: for checking before a job runs. A folder that is not there yet is made and
 * removed again.
 */
export async function checkFolder(folder: string): Promise<void> {
  await naming(folder, async () => {
    const made = await makeFolder(resolve(folder));
    try {
      const probe = join(folder, temporaryName('probe'));
      await (await open(probe, 'wx')).close();
      await unlink(probe);
    } finally {
      for (const path of made.toReversed()) await rmdir(path).catch(() => undefined);
    }
  });
}

/**
 * Makes a folder with those above it and returns those that were missing, outermost first. Throws 'file-failed' with a sentence. Node's own
 * recursive form calls a read-only disk missing, and never returns where a file system refuses with ENOENT, as /proc does.
 */
export async function makeFolder(folder: string): Promise<readonly string[]> {
  return naming(folder, async () => {
    try {
      await mkdir(folder);
      await syncFolder(dirname(folder));
      return [folder];
    } catch (error) {
      const status = await stat(folder).catch(() => undefined);
      if (status?.isDirectory()) return [];
      if (status !== undefined) throw failure(folder, 'is a file; give the name of a folder', error);
      if (codeOf(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    }
    const above = await makeFolder(dirname(folder));
    await mkdir(folder).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await syncFolder(dirname(folder));
    return [...above, folder];
  });
}

/** The same at once, for what cannot wait. Throws what Node throws. */
export function makeFolderNow(folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined || process.platform === 'win32') return;
  // A name survives a power loss once the folder that it stands in was synced.
  for (let made = resolve(folder); made.length >= first.length; made = dirname(made)) {
    const above = openSync(dirname(made), 'r');
    try {
      fsyncSync(above);
    } catch (error) {
      if (!isUnsynced(error)) throw error;
    } finally {
      closeSync(above);
    }
  }
}

/** The real path of a file to write. Throws 'file-failed' when it is none or must not be replaced. */
async function targetOf(path: string, replace: boolean): Promise<string> {
  return naming(path, async () => {
    const wanted = resolve(path);
    const existing = await stat(wanted).catch(ignoreMissing);
    if (existing === undefined) {
      const link = await lstat(wanted).catch(ignoreMissing);
      if (link !== undefined) throw failure(path, 'is a link to a file that does not exist');
      await makeFolder(dirname(wanted));
      return join(await realpath(dirname(wanted)), basename(wanted));
    }
    if (existing.isDirectory()) throw failure(path, 'is a folder; give a file name');
    if (!existing.isFile()) throw failure(path, 'is not an ordinary file');
    if (!replace) throw alreadyThere(path);
    return realpath(wanted);
  });
}

/** A hard link takes the name only if it is free, in one step. Where a file system has no links, look and rename. */
async function nameOnce(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
    await unlink(temporary);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw alreadyThere(target);
    if ((await lstat(target).catch(ignoreMissing)) !== undefined) throw alreadyThere(target);
    await rename(temporary, target);
  }
}

/**
 * Names for files that another program writes until `adoptFile` takes them: beside `path`, found and removed by the next write to it where the
 * process that wanted them is gone. What such processes left is removed now. Throws 'file-failed' with a sentence.
 */
export async function temporariesBeside(path: string, count: number): Promise<readonly string[]> {
  return naming(path, async () => {
    const target = resolve(path);
    const folder = await realpath(dirname(target));
    await sweep(folder, basename(target));
    return Array.from({ length: count }, () => join(folder, temporaryName(basename(target))));
  });
}

/** The name's length is bounded in bytes, also where the target's own name is as long as a name may be. */
function temporaryName(name: string): string {
  return `${temporaryPrefix(name)}${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
}

function temporaryPrefix(name: string): string {
  return `.attune-${createHash('sha256').update(name).digest('hex').slice(0, 16)}-`;
}

/** Removes what a process that no longer runs left behind for the same file. */
async function sweep(folder: string, name: string): Promise<void> {
  const prefix = temporaryPrefix(name);
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(prefix) || !entry.endsWith('.tmp')) continue;
    const owner = Number.parseInt(entry.slice(prefix.length), 10);
    if (!isRunning(owner)) await unlink(join(folder, entry)).catch(ignoreMissing);
  }
}

/** Removes every unfinished file of processes that no longer run from a folder. For folders that only Attune writes into. */
export async function sweepFolder(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true })) {
    const owner = /^\.attune-[0-9a-f]{16}-(\d+)\.[0-9a-f]+\.tmp$/.exec(basename(entry))?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) await unlink(join(folder, entry)).catch(ignoreMissing);
  }
}

/** Whether a process of this number is alive. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Makes a rename survive power loss. Windows cannot open folders, and its renames are journalled. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!isUnsynced(error)) throw error;
  } finally {
    await handle.close();
  }
}

/** Some network and FUSE file systems cannot sync a folder; the file itself is safe. */
const isUnsynced = (error: unknown) => ['EINVAL', 'ENOTSUP', 'EPERM'].includes(codeOf(error) ?? '');

/**
 * Opens an ordinary file for reading, and waits for nothing: a pipe that nobody writes to would never open. Throws 'file-failed' with a
 * sentence.
 */
async function openOrdinary(path: string): Promise<{ readonly file: FileHandle; readonly size: number }> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = await file.stat();
    if (status.isDirectory()) throw failure(path, 'is a folder');
    if (!status.isFile()) throw failure(path, 'is not an ordinary file but a pipe or a device');
    return { file, size: status.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads a file of at most `maxBytes`. Throws 'file-failed' with a sentence. */
export async function readFileWithin(path: string, maxBytes: number): Promise<Uint8Array> {
  return naming(path, async () => {
    const { file, size } = await openOrdinary(path);
    try {
      if (size > maxBytes) throw failure(path, `has ${size} bytes, more than the ${maxBytes} that are read`);
      // The file may grow meanwhile: what is read is bounded by what was measured.
      return await readBeginning(file, size);
    } finally {
      await file.close();
    }
  });
}

/** The first bytes of a file, all of it where it is shorter. Throws 'file-failed' with a sentence. */
export async function readHead(path: string, length: number): Promise<Uint8Array> {
  return naming(path, async () => {
    const { file } = await openOrdinary(path);
    try {
      return await readBeginning(file, length);
    } finally {
      await file.close();
    }
  });
}

async function readBeginning(file: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, 0);
  return bytes.subarray(0, bytesRead);
}

/** SHA-256 of a file of any size, in pieces. Throws 'file-failed' with a sentence, and 'cancelled'. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  return naming(path, async () => {
    const { file } = await openOrdinary(path);
    try {
      const hash = createHash('sha256');
      const piece = new Uint8Array(4 * 1024 * 1024);
      for (;;) {
        throwIfCancelled(signal);
        const { bytesRead } = await file.read(piece, 0, piece.length, null);
        if (bytesRead === 0) return hash.digest('hex');
        hash.update(piece.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  });
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Turns the errors of the file system into sentences. */
export async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AttuneError) throw error;
    const code = codeOf(error);
    throw code === undefined ? error : fileFailure(path, code, error);
  }
}

/** An error of the file system as a sentence. @param code as Node names it, such as `ENOSPC` */
export function fileFailure(path: string, code: string, cause?: unknown): AttuneError {
  return failure(path, SENTENCES[code] ?? `cannot be used (${code})`, cause);
}

/** What any error of the file system that reached the end says; undefined for an error of another kind. */
export function asFileFailure(error: unknown): AttuneError | undefined {
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error) || !('syscall' in error)) return undefined;
  if (!Object.hasOwn(SENTENCES, code)) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  return path === undefined && code !== 'ENOSPC'
    ? undefined
    : fileFailure(path ?? 'What was to be written', code, error);
}

const SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENXIO: 'is not an ordinary file but a pipe or a device',
  EEXIST: 'cannot be made: something else has that name; choose another name',
  ENOTDIR: 'lies below something that is not a folder; choose another place',
  EISDIR: 'is a folder',
  EACCES: 'may not be accessed; check its permissions',
  EPERM: 'may not be accessed; check its permissions',
  EROFS: 'lies on a read-only disk; choose another place',
  ENOSPC: 'does not fit: the disk is full; make room, or choose another place',
  EDQUOT: 'does not fit: your share of the disk is full; make room, or choose another place',
  EMFILE: 'cannot be opened: this process has too many open files',
  ENAMETOOLONG: 'has a name that is too long for this disk',
  ELOOP: 'is a link that leads in a circle',
  EIO: 'cannot be used: the disk reports an error',
};

function failure(path: string, what: string, cause?: unknown): AttuneError {
  return new AttuneError('file-failed', `${path} ${what}.`, { file: path }, cause);
}

/** The name of a file that was not to be replaced. */
export class NameTaken extends AttuneError {}

function alreadyThere(path: string): NameTaken {
  const way = 'choose another name, or have it replaced';
  return new NameTaken('file-failed', `${path} exists already; ${way}.`, { file: path, field: 'overwrite' });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}
