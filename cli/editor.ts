import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { AttuneError } from '../engine/index.ts';
import { checkFolder } from '../native/files.ts';
import { ROOT, VERSION } from '../native/package.ts';

const BUILT = join(ROOT, 'dist', 'editor');
/** What the editor is made of. */
const SOURCES = ['renderer', 'contract', 'transport', 'package-lock.json'].map((name) => join(ROOT, name));

/** The folder of the built editor, which is built where it is missing or older than its sources. Throws AttuneError. */
export async function builtEditor(say: (line: string) => void = () => {}): Promise<string> {
  const builtMs = await changedMs(join(BUILT, 'index.html'));
  const newestMs = Math.max(...(await Promise.all(SOURCES.map(newestIn))));
  // A shipped Attune has no sources, so nothing is newer.
  if (builtMs > newestMs) return BUILT;
  await mayBuild(dirname(BUILT), 'editor');
  say(`building the editor of version ${VERSION}, once`);
  await buildEditor();
  return BUILT;
}

/** Throws 'file-failed' where this user may not write what is built: the builder's own words do not say that it is that. */
export async function mayBuild(folder: string, what: 'editor' | 'shell'): Promise<void> {
  await checkFolder(folder).catch((cause: unknown) => {
    const why = cause instanceof AttuneError ? cause.message : `${folder} cannot be written.`;
    throw new AttuneError(
      'file-failed',
      `The ${what} has to be built first, and that cannot be done here: ${why} Whoever may write there can run "npm start" once, or make a copy of your own.`,
      { file: folder },
      cause,
    );
  });
}

/** Builds beside the old one and takes its place at the end: an interrupted build leaves no half of an editor. */
async function buildEditor(): Promise<void> {
  const [fresh, old] = [`${BUILT}.${process.pid}.tmp`, `${BUILT}.${process.pid}.old.tmp`];
  const environment = process.env.NODE_ENV;
  try {
    // Vite takes a value that is there over its own: a test would leave an editor with React's slow half behind.
    process.env.NODE_ENV = 'production';
    const [{ build }, { default: config }] = await Promise.all([import('vite'), import('../renderer/vite.config.ts')]);
    await build({ ...config, configFile: false, logLevel: 'error', build: { ...config.build, outDir: fresh } });
    await rename(BUILT, old).catch(() => {}); // there may be none
    await rename(fresh, BUILT);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    // The rest is a listing with frames and colours, for developers.
    const [why = ''] = stripVTControlCharacters(message).split(/[\r\n:]/, 1);
    throw new AttuneError(
      'file-failed',
      `The editor could not be built (${why}); "npm run build:editor" shows where.`,
      { file: BUILT },
      cause,
    );
  } finally {
    if (environment === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = environment;
    await Promise.all([fresh, old].map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

/** When the newest file at or below the path was changed; 0 where there is none. */
async function newestIn(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => undefined);
  if (entries === undefined) return changedMs(path);
  const files = entries.filter((entry) => entry.isFile() && !/[.]test[.]tsx?$/.test(entry.name));
  return Math.max(0, ...(await Promise.all(files.map((file) => changedMs(join(file.parentPath, file.name))))));
}

const changedMs = (path: string) =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
