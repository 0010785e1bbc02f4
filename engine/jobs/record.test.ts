import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { folderOf, thrownBy } from '../../test/checkpoint-files.ts';
import { apart, EMBEDDED, openTestEngine, runAsked } from '../../test/embedded.ts';
import { listCatalog, nameOf, resolveCheckpoint } from './catalog.ts';

const engine = openTestEngine();
afterAll(() => engine.close());
const IMAGE = join(EMBEDDED, 'image');
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('the files of a record', () => {
  it('are all weight files of the run, by component, with the hashes of their bytes', async () => {
    const { record } = await runAsked(engine, { method: 'generate' });
    const { files } = record.checkpoint;
    expect(files.map(({ path }) => dirname(path))).toEqual(['transformer', 'vae', 'text_encoder']);
    for (const { path, sha256: recorded, bytes } of files) {
      expect(recorded).toBe(sha256(join(IMAGE, path)));
      expect(bytes).toBe(readFileSync(join(IMAGE, path)).length);
    }
  });

  it('follow the file when it is replaced', async () => {
    const folder = folderOf({});
    cpSync(IMAGE, join(folder, 'image'), { recursive: true });
    const run = async () => {
      const own = openTestEngine(1, folder);
      const { record } = await runAsked(own, { method: 'generate' });
      await own.close();
      return record.checkpoint.files.find(({ path }) => path.startsWith('transformer/'));
    };
    const before = await run();
    const weights = join(folder, 'image', 'transformer', 'diffusion_pytorch_model.safetensors');
    const bytes = readFileSync(weights);
    // A bit of the last tensor; replaced as a download is, by another file of the same name and length.
    bytes[bytes.length - 2] = (bytes[bytes.length - 2] ?? 0) ^ 1;
    writeFileSync(`${weights}.new`, bytes);
    renameSync(`${weights}.new`, weights);
    const after = await run();
    expect(after?.sha256).not.toBe(before?.sha256);
    expect(after?.sha256).toBe(sha256(weights));
  });
});

describe('the catalog', () => {
  /** A Hugging Face cache with one snapshot whose files are links to blobs, as the hub's client lays them out. */
  function hubWith(repo: string): string {
    const hub = folderOf({});
    const root = join(hub, `models--${repo.replace('/', '--')}`);
    const snapshot = join(root, 'snapshots', 'a'.repeat(40));
    mkdirSync(join(root, 'refs'), { recursive: true });
    mkdirSync(join(root, 'blobs'), { recursive: true });
    writeFileSync(join(root, 'refs', 'main'), 'a'.repeat(40));
    const entries = readdirSync(IMAGE, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(IMAGE, join(entry.parentPath, entry.name)));
    for (const [at, file] of files.entries()) {
      const blob = join(root, 'blobs', `${at}`.padStart(64, '0'));
      copyFileSync(join(IMAGE, file), blob);
      mkdirSync(dirname(join(snapshot, file)), { recursive: true });
      symlinkSync(relative(dirname(join(snapshot, file)), blob), join(snapshot, file));
    }
    return hub;
  }

  it('lists what ships and what the hub cache holds; both run by their names, which a record keeps', async () => {
    const hubCache = hubWith('somebody/tiny-sprites');
    const places = { embedded: EMBEDDED, hubCache };
    expect(listCatalog(places).map(({ ref }) => ref)).toEqual([
      'embedded/image',
      'embedded/video',
      'somebody/tiny-sprites',
    ]);
    const own = openTestEngine(1, EMBEDDED, hubCache);
    const shipped = await runAsked(own, { method: 'generate' });
    const cached = await runAsked(own, { method: 'generate', checkpoint: 'somebody/tiny-sprites' });
    expect(apart(cached.images[0]?.data ?? [], shipped.images[0]?.data ?? [])).toBe(0);
    expect(cached.record.request.checkpoint).toBe('somebody/tiny-sprites');
    expect(cached.record.checkpoint.name).toBe('tiny-sprites');
    expect(JSON.stringify(cached.record)).not.toContain(hubCache);
    // A linked file goes by its own name or its blob's, and has the hash of its bytes either way.
    expect(cached.record.checkpoint.files.map((file) => file.sha256)).toEqual(
      shipped.record.checkpoint.files.map((file) => file.sha256),
    );
    await own.close();
  });

  it('takes a path to a folder it knows for that entry, and names others by their folder', () => {
    const places = { embedded: EMBEDDED };
    expect(resolveCheckpoint(IMAGE, places)).toEqual(resolveCheckpoint('embedded/image', places));
    expect(resolveCheckpoint(relative(process.cwd(), IMAGE), places).ref).toBe('embedded/image');
    const other = folderOf({ 'my model/model_index.json': {} });
    const entry = resolveCheckpoint(join(other, 'my model'), places);
    expect(entry).toMatchObject({ ref: 'my model', folder: join(other, 'my model') });
    expect(nameOf(entry)).toBe('my model');
    expect(nameOf({ ...entry, ref: 'somebody/tiny-sprites' })).toBe('tiny-sprites');
  });

  it('says what there is when it does not know a name', () => {
    const refusal = thrownBy(() => resolveCheckpoint('embedded/images', { embedded: EMBEDDED }));
    expect(refusal).toMatchObject({ kind: 'checkpoint-incomplete', where: { field: 'checkpoint' } });
    expect(refusal.message).toContain('embedded/image');
  });
});
