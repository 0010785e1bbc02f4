import { createHash } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { AttuneError } from '../base/errors.ts';
import { namesIn, whatIs } from '../checkpoint/files.ts';
import { type HfSnapshot, listHfSnapshots } from '../checkpoint/hfcache.ts';

/** A checkpoint that can be asked for by name. */
export interface CatalogEntry {
  /** What a record calls it: `embedded/image`, `ORG/NAME`, or the name of a folder that was given by its path. */
  readonly ref: string;
  readonly title: string;
  readonly folder: string;
  /** Where it was downloaded from, and which commit of it; absent for folders nobody keeps account of. */
  readonly origin?: { readonly repository: string; readonly revision: string };
}

export interface CatalogPlaces {
  /** Folder of the checkpoints that ship with Attune. */
  readonly embedded: string;
  /** Hugging Face cache folder; its snapshots are found, never written. */
  readonly hubCache?: string;
  /** Folders that the user added: checkpoints themselves, or folders of them. In the order they were added. */
  readonly folders?: readonly string[];
}

/** A folder that is searched for checkpoints and cannot be: the others are listed without it. */
export interface LostFolder {
  /** As it was added. */
  readonly folder: string;
  /** `gone`: nothing is there, as when a disk is not plugged in. */
  readonly reason: 'gone' | 'broken-link' | 'not-a-folder' | 'unreadable';
}

/**
 * Checkpoints that are on this machine: the embedded ones first, then the current revision of what the Hugging Face cache holds in full,
 * then those of the user's folders. Folders that cannot be searched are left out; `lostFolders` lists them.
 */
export function listCatalog({ embedded, hubCache, folders = [] }: CatalogPlaces): readonly CatalogEntry[] {
  const others = listShipped(embedded, hubCache);
  const taken = new Set(others.map(({ ref }) => ref));
  const added = new Map<string, CatalogEntry>();
  for (const folder of folders.filter((path) => faultOf(path) === undefined).flatMap(checkpointsIn)) {
    if (added.has(folder)) continue;
    const name = basename(folder);
    // Folders are added at the end, so a name that is given stays with its folder.
    const ref = taken.has(name) ? `${name}~${createHash('sha256').update(folder).digest('hex').slice(0, 8)}` : name;
    taken.add(ref);
    added.set(folder, { ref, title: name, folder });
  }
  return [...others, ...added.values()];
}

/**
 * The user's folders that cannot be searched, with folders in them that may be checkpoints and cannot be read, and the Hugging Face cache
 * where there is one that cannot be read.
 */
export function lostFolders({ hubCache, folders = [] }: CatalogPlaces): readonly LostFolder[] {
  const isThere = hubCache !== undefined && faultOf(hubCache) !== 'gone';
  return [...(isThere ? [hubCache] : []), ...folders].flatMap((folder) => {
    const reason = faultOf(folder);
    if (reason !== undefined) return [{ folder, reason }];
    if (folder === hubCache) return [];
    const parts = namesIn(folder).map((name) => join(folder, name));
    return parts
      .filter((part) => whatIs(part) === 'folder' && faultOf(part) === 'unreadable')
      .map((part) => ({ folder: part, reason: 'unreadable' as const }));
  });
}

/** Why a folder cannot be listed; undefined where it can. */
function faultOf(folder: string): LostFolder['reason'] | undefined {
  try {
    readdirSync(folder);
    return undefined;
  } catch {
    // What is wrong is asked of the path itself: the codes differ between systems.
    const is = whatIs(folder);
    if (is === 'file') return 'not-a-folder';
    if (is === 'folder') return 'unreadable';
    if (isLink(folder)) return 'broken-link';
    return is === 'nothing' ? 'gone' : 'unreadable';
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/**
 * The checkpoint folders that a folder is or holds, as real paths of this machine. Throws 'checkpoint-incomplete' where there is no such
 * folder, 'file-failed' where it cannot be read.
 */
export function checkpointsIn(folder: string): readonly string[] {
  const isCheckpoint = (path: string) => whatIs(join(path, 'model_index.json')) === 'file';
  const root = resolve(folder);
  if (isCheckpoint(root)) return [root];
  return namesIn(root)
    .map((name) => join(root, name))
    .filter(isCheckpoint);
}

function listShipped(embedded: string, hubCache: string | undefined): readonly CatalogEntry[] {
  const shipped = namesIn(embedded)
    .map((name) => ({ ref: `embedded/${name}`, title: `embedded ${name} model`, folder: join(embedded, name) }))
    .filter(({ folder }) => whatIs(join(folder, 'model_index.json')) === 'file');
  if (hubCache === undefined) return shipped;
  const whole = listHfSnapshots(hubCache).filter(({ missing, fault }) => missing.length === 0 && fault === undefined);
  // Revisions lie side by side after an update: the name means the one `main` points at, the others are given by their path.
  const current = new Map<string, HfSnapshot>();
  for (const snapshot of whole)
    if (!current.has(snapshot.repo) || snapshot.refs.includes('main')) current.set(snapshot.repo, snapshot);
  return [
    ...shipped,
    ...[...current.values()].map(({ repo, revision, folder }) => ({
      ref: repo,
      title: `${repo} at ${revision.slice(0, 8)}`,
      folder,
      origin: { repository: repo, revision },
    })),
  ];
}

/**
 * The checkpoint a reference means: a name of the catalog, or a folder. A path to a folder that the catalog knows is that entry, so that
 * records name it alike. Throws 'checkpoint-incomplete' with what there is.
 */
export function resolveCheckpoint(ref: string, places: CatalogPlaces): CatalogEntry {
  const entries = listCatalog(places);
  const folder = resolve(ref);
  const known = entries.find((entry) => entry.ref === ref) ?? entries.find((entry) => resolve(entry.folder) === folder);
  if (known !== undefined) return known;
  if (whatIs(folder) !== 'nothing') return { ref: basename(folder), title: ref, folder };
  throw noCheckpoint(ref, 'it is neither a folder nor one of', entries, lostFolders(places));
}

/** The refusal of a name that nothing has; it may be in a folder that cannot be searched now, so those are named. */
export function noCheckpoint(
  ref: string,
  why: string,
  entries: readonly CatalogEntry[],
  lost: readonly LostFolder[],
): AttuneError {
  const refs = entries.map((entry) => entry.ref).join(', ');
  const unsearched = lost.map(({ folder }) => folder).join(', ');
  return new AttuneError(
    'checkpoint-incomplete',
    `There is no checkpoint "${ref}": ${why} ${refs}.${lost.length === 0 ? '' : ` These folders could not be searched: ${unsearched}.`}`,
    { field: 'checkpoint', file: ref },
  );
}

/** The name for people: the last part of the reference; what ships keeps its first, since `image` alone says little. */
export function nameOf({ ref }: CatalogEntry): string {
  return ref.startsWith('embedded/') ? ref : basename(ref);
}
