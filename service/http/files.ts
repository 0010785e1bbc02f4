import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AttuneError } from '../../engine/index.ts';

export interface StaticFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its name changes with its content. */
  readonly isFixed: boolean;
}

/** Endings that are served; what has another one does not belong to the editor. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/**
 * The whole built editor: path of a request -> file. Read once, so that no path of a request ever meets the file system. Throws
 * 'file-failed' for a folder that holds no editor.
 */
export async function readEditor(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const files = new Map<string, StaticFile>();
  const walk = async (path: string) => {
    for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
      const at = `${path}/${entry.name}`;
      const type = TYPES[extname(entry.name)];
      if (entry.isDirectory()) await walk(at);
      // A link is neither file nor folder here.
      else if (entry.isFile() && type !== undefined)
        files.set(at, {
          type,
          bytes: new Uint8Array(await readFile(join(folder, at))),
          isFixed: at.startsWith('/assets/'),
        });
    }
  };
  await walk('').catch((cause: unknown) => {
    throw new AttuneError(
      'file-failed',
      `The editor in ${folder} cannot be read; build it with "npm run build:editor".`,
      { file: folder },
      cause,
    );
  });
  const index = files.get('/index.html');
  if (index === undefined)
    throw new AttuneError('file-failed', `${folder} holds no editor; build it with "npm run build:editor".`, {
      file: folder,
    });
  return files.set('/', index);
}
