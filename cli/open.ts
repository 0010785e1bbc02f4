import type { CatalogPlaces, Engine } from '../engine/index.ts';
import type { Folders } from '../native/folders.ts';
import { homeOf } from '../native/home.ts';
import { EMBEDDED, VERSION } from '../native/package.ts';
import { NO_RUNTIME, openLocalEngine, placesOf } from '../service/open-engine.ts';
import { openRunnerClient, type RunnerClient } from '../service/runner/client.ts';
import { forkRunner } from '../service/runner/fork.ts';
import type { Setup } from '../service/runner/messages.ts';
import { openSettings } from '../service/store/settings.ts';

/** The engine and the runner of a command, with the folders and the provider of the user's settings. */

type Env = Readonly<Record<string, string | undefined>>;

/** For what needs no network to run. */
export async function openCliEngine(env: Env, folders: Folders): Promise<Engine> {
  const { modelFolders } = (await openSettings(folders.settings)).value;
  const places = placesIn(env, modelFolders);
  return openLocalEngine({ places, version: VERSION, runtime: NO_RUNTIME, scratch: folders.cache });
}

/** Starts the process that runs networks. */
export function openCliRunner(env: Env, folders: Folders): RunnerClient {
  const setup = openSettings(folders.settings).then(({ value }): Setup => {
    const { provider, isOffline, modelFolders } = value;
    const places = placesIn(env, modelFolders);
    return { kind: 'setup', version: VERSION, places, scratch: folders.cache, provider, isOffline };
  });
  // Whoever asks for something is told.
  setup.catch(() => {});
  const client = openRunnerClient({ startRunner: () => forkRunner({ env }), setup });
  // A second Ctrl-C waits for nothing.
  process.once('exit', () => client.close());
  return client;
}

function placesIn(env: Env, folders: readonly string[]): CatalogPlaces {
  return placesOf({ embedded: EMBEDDED, env, home: homeOf(env), folders });
}
