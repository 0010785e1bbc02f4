import { AttuneError } from '../base/errors.ts';

/**
 * Where a weight file lies for the runtime: `location`, with forward slashes, below `root`. The runtime refuses absolute locations
 * and links that lead out of the folder it is told, so the folder is the file-system root and the path has its links resolved.
 * On Windows the root is a drive (`C:\`) or a share (`\\server\share\`).
 */
export interface ExternalLocation {
  readonly root: string;
  readonly location: string;
}

export function externalLocation(realPath: string): ExternalLocation {
  const root = /^(\/|[A-Za-z]:[\\/]|\\\\[^\\/]+\\[^\\/]+\\)/.exec(realPath)?.[0];
  if (root === undefined)
    throw new AttuneError('graph-invalid', 'A weight file must be given by its absolute path.', { file: realPath });
  const below = realPath.slice(root.length);
  return { root, location: root === '/' ? below : below.replaceAll('\\', '/') };
}

/** The root that all weight files share. Throws 'checkpoint-unsupported' if they lie on several drives. */
export function commonRoot(files: Iterable<string>): string {
  let first: { readonly root: string; readonly file: string } | undefined;
  for (const file of files) {
    const { root } = externalLocation(file);
    first ??= { root, file };
    // Drive letters have no case.
    if (root.toLowerCase() !== first.root.toLowerCase())
      throw new AttuneError(
        'checkpoint-unsupported',
        `One network's weights lie on two drives, beside ${first.file} also ${file}; move them to one.`,
        { file },
      );
  }
  return first?.root ?? '/';
}
