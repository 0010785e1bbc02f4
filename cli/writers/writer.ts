import { createHash } from 'node:crypto';
import type { EditRecord } from '../../contract/index.ts';
import type { FrameShape, Pixels } from '../../engine/index.ts';
import { readFileWithin, sha256Of } from '../../native/files.ts';

/** Takes the frames of a result one by one, so that nobody holds all of a video. What it writes appears whole at `finish`, or not at all. */
export interface FrameWriter {
  /** Told before the run what will come. Throws 'request-invalid' for what cannot be written. */
  begin(shape: FrameShape): void;
  /** The next frame; all have one size. Resolves when the writer can take another one. Throws 'file-failed'. */
  write(frame: Pixels): Promise<void>;
  /** Gives the files their names. `record` says how it was made; undefined: nothing is written about it. Throws 'file-failed'. */
  finish(record: EditRecord | undefined): Promise<Written>;
  /** Removes what was written; harmless after `finish`. */
  abort(): Promise<void>;
}

/** What lies on the disk now: one file, or several one after the other. */
export interface Written {
  readonly bytes: number;
  readonly sha256: string;
  /** The file of a picture. */
  readonly content?: Uint8Array;
  /** Sentences about what could not be kept. */
  readonly notices: readonly string[];
}

/** Nothing that an encoder here makes is larger. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

export const weighed = (content: Uint8Array): Pick<Written, 'bytes' | 'sha256'> => ({
  bytes: content.length,
  sha256: sha256Of(content),
});

/** Size and hash of files, one after the other. */
export async function weighedFiles(paths: readonly string[]): Promise<Pick<Written, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const path of paths) {
    const content = await readFileWithin(path, MAX_FILE_BYTES);
    hash.update(content);
    bytes += content.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
