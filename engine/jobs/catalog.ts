import { join, resolve } from 'node:path';
import { AttuneError } from '../base/errors.ts';
import { namesIn, whatIs } from '../checkpoint/files.ts';
import { listHfSnapshots } from '../checkpoint/hfcache.ts';

/** A checkpoint that can be asked for by name. */
export interface CatalogEntry {
  /** What a request names: `embedded/image`, `ORG/NAME`, or a path. */
  readonly ref: string;
  readonly title: string;
  readonly folder: string;
}

export interface CatalogPlaces {
  /** Folder of the checkpoints that ship with Attune. */
  readonly embedded: string;
  /** Hugging Face cache folder; its snapshots are found, never written. */
  readonly hubCache?: string;
}

/** Checkpoints that are on this machine: the embedded ones first, then what the Hugging Face cache holds in full. */
export function listCatalog({ embedded, hubCache }: CatalogPlaces): readonly CatalogEntry[] {
  const shipped = namesIn(embedded)
    .map((name) => ({ ref: `embedded/${name}`, title: `embedded ${name} model`, folder: join(embedded, name) }))
    .filter(({ folder }) => whatIs(join(folder, 'model_index.json')) === 'file');
  if (hubCache === undefined) return shipped;
  const cached = listHfSnapshots(hubCache).filter(({ missing }) => missing.length === 0);
  return [...shipped, ...cached.map(({ repo, revision, folder }) => ({ ref: repo, title: `${repo} at ${revision.slice(0, 8)}`, folder }))];
}

/** The folder a reference means. Throws 'checkpoint-incomplete' with what there is. */
export function resolveCheckpoint(ref: string, places: CatalogPlaces): CatalogEntry {
  const entries = listCatalog(places);
  const known = entries.find((entry) => entry.ref === ref);
  if (known !== undefined) return known;
  const folder = resolve(ref);
  if (whatIs(folder) !== 'nothing') return { ref, title: ref, folder };
  throw new AttuneError(
    'checkpoint-incomplete',
    `There is no checkpoint "${ref}": it is neither a folder nor one of ${entries.map((entry) => entry.ref).join(', ')}.`,
    { field: 'checkpoint', file: ref },
  );
}
