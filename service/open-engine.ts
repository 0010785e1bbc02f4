import {
  AttuneError,
  type CatalogPlaces,
  type Engine,
  hfCacheFolder,
  openEngine,
  type TensorRuntime,
} from '../engine/index.ts';
import * as families from '../models/registry.ts';
import { availableMemory } from '../native/available.ts';
import { openDiskSpool } from '../native/spool.ts';

export interface LocalEngineOptions {
  readonly places: CatalogPlaces;
  /** Version of the application, for records. */
  readonly version: string;
  readonly runtime: TensorRuntime;
  /** Folder for what a job writes down while it runs; made as needed. */
  readonly scratch: string;
}

/** Joins engine, network families and runtime. */
export function openLocalEngine({ places, version, runtime, scratch }: LocalEngineOptions): Engine {
  return openEngine({
    runtime,
    families,
    places,
    version,
    clock: () => performance.now(),
    availableBytes: availableMemory,
    openSpool: () => openDiskSpool(scratch),
  });
}

/** For an engine that is asked only for what needs no network to run: headers, words, sizes. */
export const NO_RUNTIME: TensorRuntime = {
  provider: 'none',
  version: 'none',
  createSession: () =>
    Promise.reject(new AttuneError('runtime-failed', 'Networks run in the process that is there for them, not here.')),
};

export interface PlacesOptions {
  readonly embedded: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Folders that the user added. */
  readonly folders: readonly string[];
}

/** Where checkpoints are looked for. */
export function placesOf({ embedded, env, home, folders }: PlacesOptions): CatalogPlaces {
  return { embedded, hubCache: hfCacheFolder(env, home), folders };
}
