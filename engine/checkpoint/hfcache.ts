import { readdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { AttuneError } from '../base/errors.ts';
import { readText, whatIs } from './files.ts';
import { missingParts, openModelFolder } from './folder.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One downloaded revision of a diffusers model in the Hugging Face cache. */
export interface HfSnapshot {
  /** `ORG/NAME`. */
  readonly repo: string;
  /** Commit id. */
  readonly revision: string;
  /** Branches and tags that point at it, e.g. `main`. */
  readonly refs: readonly string[];
  /** Folder with the model_index.json. */
  readonly folder: string;
  /** Files the model needs and the snapshot lacks; empty when it is whole. */
  readonly missing: readonly string[];
  /** Why the snapshot cannot be used at all, when its index is broken or its weights are pickled. */
  readonly fault?: AttuneError;
  /** Downloads under way or broken off in this repository (`blobs/*.incomplete`). */
  readonly unfinishedDownloads: number;
}

/**
 * The folder of the Hugging Face cache by the rules of huggingface_hub; `home` is the user's home folder. Pure: nothing
 * is looked up.
 */
export function hfCacheFolder(env: Environment, home: string): string {
  const set = (name: string): string | undefined => {
    const value = env[name];
    if (value === undefined || value === '') return undefined;
    return value === '~' || /^~[\\/]/.test(value) ? join(home, value.slice(1)) : value;
  };
  const xdg = set('XDG_CACHE_HOME');
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.cache');
  const hfHome = set('HF_HOME') ?? join(base, 'huggingface');
  return set('HF_HUB_CACHE') ?? set('HUGGINGFACE_HUB_CACHE') ?? join(hfHome, 'hub');
}

/**
 * All snapshots in the cache that have a model_index.json, by repository and revision. Nothing is written, and a
 * snapshot that is partial or broken is listed as such; a cache that is not there is an empty one. Throws nothing for
 * what it finds.
 */
export function listHfSnapshots(cache: string): readonly HfSnapshot[] {
  return foldersIn(cache).flatMap((name) => {
    const repo = repoOf(name);
    return repo === undefined ? [] : snapshotsOf(repo, join(cache, name));
  });
}

/** `models--ORG--NAME` -> `ORG/NAME`. */
function repoOf(folderName: string): string | undefined {
  const [kind, ...parts] = folderName.split('--');
  return kind === 'models' && parts.length > 0 ? parts.join('/') : undefined;
}

function snapshotsOf(repo: string, repoFolder: string): readonly HfSnapshot[] {
  const refs = refsOf(join(repoFolder, 'refs'));
  const blobs = namesOrNone(join(repoFolder, 'blobs'));
  const unfinishedDownloads = blobs.filter((name) => name.endsWith('.incomplete')).length;
  return foldersIn(join(repoFolder, 'snapshots')).flatMap((revision) => {
    const folder = join(repoFolder, 'snapshots', revision);
    if (!namesOrNone(folder).includes('model_index.json')) return [];
    const pointing = refs.filter(([, commit]) => commit === revision).map(([ref]) => ref);
    return [{ repo, revision, refs: pointing, folder, unfinishedDownloads, ...stateOf(folder) }];
  });
}

function stateOf(folder: string): Pick<HfSnapshot, 'missing' | 'fault'> {
  try {
    return { missing: missingParts(openModelFolder(folder)) };
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
    const { file } = error.where;
    if (error.kind === 'checkpoint-incomplete' && file !== undefined) return { missing: [file] };
    return { missing: [], fault: error };
  }
}

const LONGEST_REF_FILE = 256;

/** [name, commit] of each ref; names may have folders (`refs/pr/1`). */
function refsOf(folder: string, prefix = ''): readonly (readonly [string, string])[] {
  return namesOrNone(folder).flatMap((name) => {
    const path = join(folder, name);
    const ref = `${prefix}${name}`;
    if (whatIs(path) === 'folder') return refsOf(path, `${ref}/`);
    try {
      return [[ref, readText(path, LONGEST_REF_FILE).trim()] as const];
    } catch {
      // A ref that cannot be read points at nothing; the snapshots are listed all the same.
      return [];
    }
  });
}

function foldersIn(folder: string): readonly string[] {
  return namesOrNone(folder).filter((name) => whatIs(join(folder, name)) === 'folder');
}

function namesOrNone(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
