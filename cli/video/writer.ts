import type { EditRecord, Size } from '../../contract/index.ts';
import type { Pixels } from '../../engine/index.ts';

/** Takes a video frame by frame, so that nobody holds all of it. What it writes appears whole at `finish`, or not at all. */
export interface VideoWriter {
  /** Told before the run what will come. Throws 'request-invalid' for what cannot be written. */
  begin?(shape: { readonly size: Size; readonly frames: number; readonly fps: number }): void;
  /** The next frame; all have one size. Resolves when the writer can take another one. Throws 'file-failed'. */
  write(frame: Pixels): Promise<void>;
  /** Gives the files their names. Throws 'file-failed'. */
  finish(): Promise<void>;
  /** Removes what was written; harmless after `finish`. */
  abort(): Promise<void>;
}

export interface VideoWriterOptions {
  /** How the video was made, asked for at `finish`; undefined: nothing is written about it. */
  readonly record: () => EditRecord | undefined;
}
