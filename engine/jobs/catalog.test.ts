import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMBEDDED, openTestEngine, runAsked } from '../../test/embedded.ts';
import { listCatalog, resolveCheckpoint } from './catalog.ts';

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
