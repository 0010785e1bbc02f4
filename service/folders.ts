import { resolve, sep } from 'node:path';
import { AttuneError, checkpointsIn } from '../engine/index.ts';

/** The list of model folders with one more. Throws 'file-failed' for a folder without checkpoints. */
export function foldersWith(folders: readonly string[], folder: string): string[] {
  const path = resolve(folder);
  if (checkpointsIn(path).length === 0)
    throw new AttuneError(
      'file-failed',
      `${path} holds no checkpoint: choose the folder that has a model_index.json, or the one above several of them.`,
      { file: path },
    );
  return folders.includes(path) ? [...folders] : [...folders, path];
}

/** The list without the folder that is `folder` or holds it. Throws 'request-invalid' where none of them does. */
export function foldersWithout(folders: readonly string[], folder: string): string[] {
  const path = resolve(folder);
  const kept = folders.filter((known) => path !== known && !path.startsWith(known + sep));
  if (kept.length < folders.length) return kept;
  throw new AttuneError(
    'request-invalid',
    `${path} is in none of the folders that were added${folders.length === 0 ? '' : `: ${folders.join(', ')}`}.`,
    { field: 'ref' },
  );
}
