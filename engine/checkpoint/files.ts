import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import { AttuneError } from '../base/errors.ts';
import { malformed, refusal } from './refusal.ts';

/** A regular file opened for reading; the sizes come from the descriptor, never from what a file says of itself. */
export interface OpenFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Bytes [offset, offset + length). Throws 'file-failed' when the file ends before. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
}

/**
 * Runs `use` on the opened file and closes it. Throws 'checkpoint-incomplete' when there is none, 'file-failed' when it
 * cannot be read.
 */
export function withFile<T>(path: string, use: (file: OpenFile) => T): T {
  let descriptor: number;
  try {
    // Non-blocking: opening a pipe that nobody writes to would wait for ever.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw fileError(path, cause);
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw refusal('file-failed', path, 'This is not a regular file. Give the path of a file.');
    return use({
      path,
      sizeBytes: stat.size,
      modifiedMs: stat.mtimeMs,
      read: (offset, length) => readExactly(descriptor, path, offset, length),
    });
  } catch (cause) {
    throw cause instanceof AttuneError ? cause : fileError(path, cause);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The whole text of a small UTF-8 file. Throws as `withFile`, and 'checkpoint-malformed' when it is larger than
 * `maxBytes` or not UTF-8.
 */
export function readText(path: string, maxBytes: number): string {
  return withFile(path, (file) => {
    if (file.sizeBytes > maxBytes)
      throw malformed(path, `The file has ${file.sizeBytes} bytes where at most ${maxBytes} make sense`);
    return decodeUtf8(file.read(0, file.sizeBytes), path);
  });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strict UTF-8. Throws 'checkpoint-malformed'. */
export function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw malformed(file, 'The text is not valid UTF-8', {}, cause);
  }
}

/** The path with every link resolved. Throws as `withFile`; a link that leads nowhere counts as a missing file. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** Names in a folder, sorted. Throws 'checkpoint-incomplete' when there is no such folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (cause) {
    throw fileError(folder, cause);
  }
}

/**
 * What a path leads to once links are followed; a link that leads nowhere or in a circle is 'nothing', what cannot be
 * asked is 'other'.
 */
export function whatIs(path: string): 'file' | 'folder' | 'other' | 'nothing' {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return 'nothing';
    if (stat.isFile()) return 'file';
    return stat.isDirectory() ? 'folder' : 'other';
  } catch (cause) {
    return codeOf(cause) === 'ELOOP' ? 'nothing' : 'other';
  }
}

// readSync takes at most 2 GiB at once.
const LARGEST_READ = 1 << 30;

function readExactly(descriptor: number, path: string, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const got = readSync(descriptor, bytes, done, Math.min(length - done, LARGEST_READ), offset + done);
    if (got === 0)
      throw refusal(
        'file-failed',
        path,
        'The file became shorter while it was read. Leave it in place while it is in use.',
      );
    done += got;
  }
  return bytes;
}

function fileError(path: string, cause: unknown): AttuneError {
  const code = codeOf(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')
    return refusal(
      'checkpoint-incomplete',
      path,
      'There is no such file or folder. Check the path, or download it.',
      {},
      cause,
    );
  if (code === 'EACCES' || code === 'EPERM')
    return refusal('file-failed', path, 'Reading it is not permitted. Check its access rights.', {}, cause);
  return refusal('file-failed', path, `It cannot be read (${code || String(cause)}).`, {}, cause);
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
