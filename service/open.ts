import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DeskEvent, MediaInfo } from '../contract/index.ts';
import { AttuneError, type Engine } from '../engine/index.ts';
import { SAMPLE } from '../native/package.ts';
import { openBatches, requestCheck } from './batch/index.ts';
import { batchCalls } from './calls/batch.ts';
import { jobCalls } from './calls/jobs.ts';
import { journalCalls } from './calls/journal.ts';
import { mediaCalls } from './calls/media.ts';
import { modelCalls } from './calls/models.ts';
import { estimateOf, sessionCalls } from './calls/session.ts';
import type { Context } from './context.ts';
import { explain } from './explain.ts';
import { openModels } from './models.ts';
import { NO_RUNTIME, openLocalEngine, placesOf } from './open-engine.ts';
import { openBatchJobs } from './queue/batchjobs.ts';
import { Dispatcher } from './queue/dispatcher.ts';
import { openQueue } from './queue/queue.ts';
import { openSupervisor } from './runner/supervisor.ts';
import type { Service, ServiceOptions } from './service.ts';
import { openBatchStore } from './store/batches.ts';
import { openDatabase } from './store/database.ts';
import { openHistory } from './store/history.ts';
import { openJournal } from './store/journal.ts';
import { openMediaStore } from './store/media.ts';
import { openSettings } from './store/settings.ts';
import { openTimings } from './store/timings.ts';

/**
 * Opens the service on a user's folders and starts its runner; what was waiting or running when it last ended goes on.
 * Throws AttuneError 'file-failed' where the folders cannot be used or another Attune has them open.
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { folders, env, home, embedded, version } = options;
  const settings = await openSettings(folders.settings);
  const scratch = folders.cache;
  const database = openDatabase(folders.state);
  const listeners = new Set<(event: DeskEvent) => void>();
  const emit = (event: DeskEvent) => {
    for (const listener of listeners) listener(event);
  };
  const places = () => placesOf({ embedded, env, home, folders: settings.value.modelFolders });
  let cheap: { readonly key: string; readonly opened: Engine } | undefined;
  const engine = () => {
    const now = places();
    const key = JSON.stringify(now);
    if (cheap?.key !== key)
      cheap = { key, opened: openLocalEngine({ places: now, version, runtime: NO_RUNTIME, scratch }) };
    return cheap.opened;
  };
  const queue = openQueue(database);
  const history = openHistory(database);
  const media = openMediaStore(database, folders);
  const timings = openTimings(database);
  const supervisor = openSupervisor({
    startRunner: options.startRunner,
    setup: () => {
      const { provider, isOffline } = settings.value;
      return { kind: 'setup', version, places: places(), scratch, provider, isOffline };
    },
    onEngine: emit,
    onJob: (message) => dispatcher.hear(message),
    onReady: () => dispatcher.ready(),
    onGone: (exit) => dispatcher.gone(exit),
  });
  const dispatcher = new Dispatcher({
    database,
    queue,
    history,
    media,
    timings,
    emit,
    supervisor: () => supervisor,
    wantsPreviews: () => listeners.size > 0,
  });
  const models = openModels(engine);
  const batchJobs = openBatchJobs({
    queue,
    history,
    media,
    dispatcher,
    check: (request) => void estimateOf({ engine, models, timings, media }, request),
  });
  const batches = openBatches({
    runJob: batchJobs.run,
    codec: media.codec,
    explain,
    methods: () => engine().describeMethods(),
    check: requestCheck(engine),
    outputs: options.outputs,
    tell: (batch) => emit({ kind: 'batch', batch }),
    store: openBatchStore(database),
  });
  const grants = new Map<string, string>();
  let sample: Promise<MediaInfo> | undefined;
  const context: Context = {
    options,
    database,
    queue,
    history,
    media,
    timings,
    settings,
    dispatcher,
    supervisor,
    engine,
    emit,
    journal: openJournal(database),
    models,
    batches,
    takeGrant(grant) {
      const path = grants.get(grant);
      if (path === undefined)
        throw new AttuneError(
          'request-invalid',
          'That choice is not known any more; choose the file or folder again.',
          {
            field: 'grant',
          },
        );
      grants.delete(grant);
      return path;
    },
    sample() {
      const file = options.sample ?? SAMPLE;
      sample ??= readFile(file)
        .then((bytes) => media.put(basename(file), new Uint8Array(bytes)))
        .catch((error: unknown) => {
          // Asked for again: the disk may have room by then.
          sample = undefined;
          throw error;
        });
      return sample;
    },
  };
  let isClosed = false;
  supervisor.start();
  batches.goOn();
  return {
    handlers: {
      ...sessionCalls(context),
      ...mediaCalls(context),
      ...jobCalls(context),
      ...journalCalls(context),
      ...modelCalls(context),
      ...batchCalls(context),
    },
    subscribe(listener) {
      listeners.add(listener);
      // A connection that comes later must know too whether the engine runs.
      const { state, sentence } = supervisor.last;
      const notices = [settings.notice, ...database.notices, database.aside.sentence()].filter(
        (notice) => notice !== undefined,
      );
      queueMicrotask(() => {
        if (!listeners.has(listener)) return;
        listener({ kind: 'engine', state, sentence: [...notices, sentence].join(' ') });
        if (dispatcher.disk !== undefined) listener(dispatcher.disk);
      });
      return () => listeners.delete(listener);
    },
    explain,
    archive: batches.archive,
    grant: (grant, path) => void grants.set(grant, path),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await batches.close();
      dispatcher.close();
      supervisor.close();
      listeners.clear();
      database.close();
      await cheap?.opened.close();
    },
  };
}
