import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMBEDDED, openTestEngine, runAsked } from '../../test/embedded.ts';
import { listCatalog, lostFolders, resolveCheckpoint } from './catalog.ts';

const [OLD, NEW, BROKEN] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];
let hubCache: string;
let repository: string;

/** A revision as huggingface_hub lays it out: every file a link to a blob. */
function download(revision: string): string {
  const folder = join(repository, 'snapshots', revision);
  cpSync(join(EMBEDDED, 'image'), folder, { recursive: true });
  mkdirSync(join(repository, 'blobs'), { recursive: true });
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const blob = join(repository, 'blobs', `${revision.slice(0, 4)}${relative(folder, file).replaceAll(/\W/g, '')}`);
    renameSync(file, blob);
    symlinkSync(relative(entry.parentPath, blob), file);
  }
  return folder;
}

beforeAll(() => {
  hubCache = mkdtempSync(join(tmpdir(), 'attune hub ü-'));
  repository = join(hubCache, 'models--someone--sprites');
  for (const revision of [OLD, NEW, BROKEN]) download(revision);
  const index = join(repository, 'snapshots', BROKEN, 'model_index.json');
  rmSync(index);
  writeFileSync(index, '{');
  mkdirSync(join(repository, 'refs'));
  writeFileSync(join(repository, 'refs', 'main'), NEW);
});
afterAll(() => rmSync(hubCache, { recursive: true, force: true }));

describe('a repository of the download cache', () => {
  it('is listed once, as the revision that main points at; a broken one is not listed', () => {
    const listed = listCatalog({ embedded: EMBEDDED, hubCache });
    expect(listed.map(({ ref }) => ref)).toEqual(['embedded/image', 'embedded/video', 'someone/sprites']);
    expect(listed.at(-1)).toMatchObject({ folder: join(repository, 'snapshots', NEW) });
    const older = join(repository, 'snapshots', OLD);
    expect(resolveCheckpoint(older, { embedded: EMBEDDED, hubCache }).folder).toBe(older);
  });

  it('runs through its links, and the record names repository and revision', async () => {
    const engine = openTestEngine(1, EMBEDDED, hubCache);
    const { record } = await runAsked(engine, { method: 'generate', checkpoint: 'someone/sprites', steps: 1 });
    await engine.close();
    expect(record.request.checkpoint).toBe('someone/sprites');
    expect(record.checkpoint).toMatchObject({ repository: 'someone/sprites', revision: NEW, name: 'sprites' });
    expect(JSON.stringify(record)).not.toContain(hubCache);
  });
});

describe('folders that were added', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'attune added-'));
    cpSync(join(EMBEDDED, 'image'), join(home, 'good', 'mine'), { recursive: true });
    writeFileSync(join(home, 'a-file'), '');
    symlinkSync(join(home, 'unplugged'), join(home, 'dangling'));
    symlinkSync(join(home, 'circle'), join(home, 'circle'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const places = (...names: string[]) => ({ embedded: EMBEDDED, folders: names.map((name) => join(home, name)) });

  it.each([
    ['gone', 'gone'],
    ['a-file', 'not-a-folder'],
    ['a-file/below', 'gone'],
    ['dangling', 'broken-link'],
    ['circle', 'broken-link'],
  ] as const)('are searched without the one that cannot be, which is told: %s is %s', (name, reason) => {
    const all = places(name, 'good');
    expect(listCatalog(all).map(({ ref }) => ref)).toEqual(['embedded/image', 'embedded/video', 'mine']);
    expect(lostFolders(all)).toEqual([{ folder: join(home, name), reason }]);
    expect(resolveCheckpoint('mine', all).folder).toBe(join(home, 'good', 'mine'));
    expect(() => resolveCheckpoint('theirs', all)).toThrow(
      expect.objectContaining({
        kind: 'checkpoint-incomplete',
        message: expect.stringContaining(`These folders could not be searched: ${join(home, name)}.`),
      }),
    );
  });

  it('are found again when they are back', () => {
    const all = places('away');
    expect(lostFolders(all)).toHaveLength(1);
    renameSync(join(home, 'good'), join(home, 'away'));
    expect(lostFolders(all)).toEqual([]);
    expect(listCatalog(all).map(({ ref }) => ref)).toContain('mine');
    renameSync(join(home, 'away'), join(home, 'good'));
  });

  it('may not be readable, whole or in part', () => {
    mkdirSync(join(home, 'locked'));
    mkdirSync(join(home, 'partly', 'secret'), { recursive: true });
    // The superuser may read everything, so this is done as somebody else.
    const isRoot = process.geteuid?.() === 0;
    chmodSync(home, 0o755);
    for (const folder of ['locked', 'partly/secret']) chmodSync(join(home, folder), 0o000);
    try {
      if (isRoot) process.seteuid?.(65_534);
      const all = places('locked', 'partly');
      expect(listCatalog({ embedded: EMBEDDED, folders: all.folders })).toHaveLength(2);
      expect(lostFolders(all)).toEqual([
        { folder: join(home, 'locked'), reason: 'unreadable' },
        { folder: join(home, 'partly', 'secret'), reason: 'unreadable' },
      ]);
    } finally {
      if (isRoot) process.seteuid?.(0);
      for (const folder of ['locked', 'partly/secret']) chmodSync(join(home, folder), 0o755);
    }
  });
});
