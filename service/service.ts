import type { DeskEvent, UserError } from '../contract/index.ts';
import type { Folders } from '../native/folders.ts';
import type { Handlers, Port } from '../transport/index.ts';
import type { Archive } from './batch/index.ts';
import type { RunnerExit } from './runner/exit.ts';

/**
 * What stands behind the contract: queue, media, history, journal, settings, batches. It never runs a network itself: that is the work of
 * a runner, a process of its own that may die. So a call is answered at once whatever the runner is doing.
 */
export interface Service {
  readonly handlers: Handlers;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: DeskEvent) => void): () => void;
  /** What a user is told of anything thrown by a handler. */
  explain(error: unknown): UserError;
  /** All files of a batch as a ZIP for a download. Rejects with AttuneError for an unknown batch. */
  archive(batch: string): Promise<Archive>;
  /** The desktop shell's: lets `grant` stand for a path that the user chose in a dialog. Never reachable through a port. */
  grant(grant: string, path: string): void;
  /** Ends the runner; what was running runs again at the next start. */
  close(): Promise<void>;
}

/** A process that runs networks. */
export interface RunnerProcess {
  readonly port: Port;
  /** Ends it at once. */
  kill(): void;
  /** Told once; `isCrash` is false after `kill`. */
  onExit(listener: (exit: RunnerExit) => void): void;
}

export interface ServiceOptions {
  readonly folders: Folders;
  /** Version of the application, for records. */
  readonly version: string;
  /** Folder of the checkpoints that ship with Attune. */
  readonly embedded: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Starts a runner; `serve` forks one, the shell starts a utility process. */
  readonly startRunner: () => RunnerProcess;
  /** Where batches are written: the user's pictures folder by default. */
  readonly outputs: string;
  /** The picture of an empty editor; default: the sample that ships with Attune. */
  readonly sample?: string;
}
