import type { Engine, ImageCodec } from '../engine/index.ts';
import type { Folders } from '../native/folders.ts';
import type { KnownPlaces } from '../native/known.ts';
import type { Compute } from '../service/runner/client.ts';

/** Everything a command touches outside itself, so that tests run commands in their own process. */
export interface Host {
  writeOut(text: string | Uint8Array): Promise<void>;
  writeErr(text: string): void;
  /** Whether a moving progress bar makes sense on stderr. */
  readonly hasTerminal: boolean;
  /** Characters in a line of it; absent: not known. */
  readonly columns?: number | undefined;
  readStdin(maxBytes: number): Promise<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly folders: Folders;
  readonly places: KnownPlaces;
  /** Opened when a command first needs it: the help must not wait for the runtime. */
  images(): Promise<ImageCodec>;
  /** For what needs no network to run: headers, words, sizes, plans. */
  engine(): Promise<Engine>;
  /** What runs networks, in a process that can be ended at any moment; starts with the first call. */
  compute(): Promise<Compute>;
  /** Milliseconds of a steady clock. */
  now(): number;
}
