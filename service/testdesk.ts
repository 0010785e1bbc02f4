import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeskEvent } from '../contract/index.ts';
import { foldersOf } from '../native/folders.ts';
import { type Client, hostCalls, openClient, portPair } from '../transport/index.ts';
import { openService } from './open.ts';
import { type ForkOptions, forkRunner } from './runner/fork.ts';
import type { RunnerProcess, Service, ServiceOptions } from './service.ts';

/** A service on folders of its own with real runners, for tests: may be closed and opened again on the same folders. */
export interface TestDesk {
  readonly home: string;
  readonly options: ServiceOptions;
  readonly service: Service;
  readonly client: Client;
  readonly events: DeskEvent[];
  /** The runners that were started, the last one running. */
  readonly runners: RunnerProcess[];
  close(): Promise<void>;
  remove(): Promise<void>;
}

export async function openTestDesk(home?: string, how: Pick<ForkOptions, 'silentMs'> = {}): Promise<TestDesk> {
  const place = home ?? (await mkdtemp(join(tmpdir(), 'attune-desk-')));
  const runners: RunnerProcess[] = [];
  const options: ServiceOptions = {
    folders: foldersOf({ platform: 'linux', home: place, env: {} }),
    version: '0.0.0',
    embedded: fileURLToPath(new URL('../models/embedded', import.meta.url)),
    env: {},
    home: place,
    outputs: join(place, 'Pictures'),
    startRunner: () => {
      const runner = forkRunner(how);
      runners.push(runner);
      return runner;
    },
  };
  const service = await openService(options);
  const [mine, theirs] = portPair();
  hostCalls(theirs, {
    handlers: service.handlers,
    isShell: true,
    explain: service.explain,
    subscribe: service.subscribe,
  });
  const client = openClient(mine);
  const events: DeskEvent[] = [];
  client.onEvent((event) => events.push(event));
  const close = () => service.close();
  return {
    home: place,
    options,
    service,
    client,
    events,
    runners,
    close,
    remove: async () => {
      await close();
      await rm(place, { recursive: true, force: true });
    },
  };
}
