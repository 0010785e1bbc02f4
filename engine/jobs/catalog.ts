import { createHash } from 'node:crypto';
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

/**
 * Checkpoints that are on this machine: the embedded ones first, then the current revision of what the Hugging Face cache holds in full,
 * then those of the user's folders.
 */
export function listCatalog({ embedded, hubCache, folders = [] }: CatalogPlaces): readonly CatalogEntry[] {
  const others = listShipped(embedded, hubCache);
  const taken = new Set(others.map(({ ref }) => ref));
  const added = new Map<string, CatalogEntry>();
  for (const folder of folders.flatMap(checkpointsIn)) {
    if (added.has(folder)) continue;
    const name = basename(folder);
    // Folders are added at the end, so a name that is given stays with its folder.
    const ref = taken.has(name) ? `${name}~${createHash('sha256').update(folder).digest('hex').slice(0, 8)}` : name;
    taken.add(ref);
    added.set(folder, { ref, title: name, folder });
  }
  return [...others, ...added.values()];
}

/** The checkpoint folders that a folder is or holds, as real paths of this machine. */
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
  throw new AttuneError(
    'checkpoint-incomplete',
    `There is no checkpoint "${ref}": it is neither a folder nor one of ${entries.map((entry) => entry.ref).join(', ')}.`,
    { field: 'checkpoint', file: ref },
  );
}

/** The name for people: the last part of the reference; what ships keeps its first, since `image` alone says little. */
export function nameOf({ ref }: CatalogEntry): string {
  return ref.startsWith('embedded/') ? ref : basename(ref);
}
