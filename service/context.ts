import type { DeskEvent, MediaInfo } from '../contract/index.ts';
import type { Engine } from '../engine/index.ts';
import type { BatchService } from './batch/index.ts';
import type { Models } from './models.ts';
import type { Dispatcher } from './queue/dispatcher.ts';
import type { JobQueue } from './queue/queue.ts';
import type { Supervisor } from './runner/supervisor.ts';
import type { ServiceOptions } from './service.ts';
import type { Database } from './store/database.ts';
import type { History } from './store/history.ts';
import type { Journal } from './store/journal.ts';
import type { MediaStore } from './store/media.ts';
import type { SettingsStore } from './store/settings.ts';
import type { Timings } from './store/timings.ts';

/** What the handlers of the calls work with. */
export interface Context {
  readonly options: ServiceOptions;
  readonly database: Database;
  readonly queue: JobQueue;
  readonly history: History;
  readonly journal: Journal;
  readonly media: MediaStore;
  readonly timings: Timings;
  readonly settings: SettingsStore;
  readonly models: Models;
  readonly dispatcher: Dispatcher;
  readonly supervisor: Supervisor;
  readonly batches: BatchService;
  /** An engine for what needs no network to run; opened anew when the places of checkpoints change. */
  readonly engine: () => Engine;
  readonly emit: (event: DeskEvent) => void;
  /** The path that a grant stands for, which is used up. Throws 'request-invalid' for an unknown one. */
  readonly takeGrant: (grant: string) => string;
  /** The picture of an empty editor. */
  readonly sample: () => Promise<MediaInfo>;
}
