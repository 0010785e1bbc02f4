import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Files, folderOf, tensorsOf } from '../../test/checkpoint-files.ts';
import { openModelFolder } from './folder.ts';
import { hfCacheFolder, listHfSnapshots } from './hfcache.ts';

test.each([
  [{}, '/home/u/.cache/huggingface/hub'],
  [{ XDG_CACHE_HOME: '/c' }, '/c/huggingface/hub'],
  [{ XDG_CACHE_HOME: 'relative' }, '/home/u/.cache/huggingface/hub'],
  [{ HF_HOME: '/hf', XDG_CACHE_HOME: '/c' }, '/hf/hub'],
  [{ HF_HOME: '~/hf' }, '/home/u/hf/hub'],
  [{ HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/hf' }, '/old'],
  [{ HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/hf' }, '/new'],
  [{ HF_HUB_CACHE: '', HF_HOME: '' }, '/home/u/.cache/huggingface/hub'],
])('the cache folder for %j is %s', (env, folder) => {
  expect(hfCacheFolder(env, '/home/u')).toBe(folder);
});

const COMMIT = 'a1b2c3';
const REPO = 'models--stabilityai--tiny-sd3';

/** A cache with one snapshot whose files are links to blobs, as huggingface_hub lays it out. */
function cacheOf(files: Files, more: Files = {}): string {
  const names = Object.keys(files);
  const blobs = Object.fromEntries(names.map((name, i) => [`${REPO}/blobs/${i}`, files[name] ?? '']));
  const folders = Object.fromEntries(names.map((name) => [`${REPO}/snapshots/${COMMIT}/${name}.placeholder`, '']));
  const cache = folderOf({ ...blobs, ...folders, [`${REPO}/refs/main`]: COMMIT, ...more });
  for (const [i, name] of names.entries()) {
    const up = '../'.repeat(name.split('/').length + 1);
    symlinkSync(`${up}blobs/${i}`, join(cache, REPO, 'snapshots', COMMIT, name));
  }
  return cache;
}

const INDEX = { _class_name: 'StableDiffusion3Pipeline', transformer: ['diffusers', 'SD3Transformer2DModel'] };
const CONFIG = { _class_name: 'SD3Transformer2DModel' };
const WHOLE: Files = {
  'model_index.json': INDEX,
  'transformer/config.json': CONFIG,
  'transformer/diffusion_pytorch_model.safetensors': tensorsOf({ a: [2] }),
};

test('a snapshot of links is found whole, and its weights are mapped from the blobs', () => {
  const cache = cacheOf(WHOLE, { [`${REPO}/refs/pr/1`]: COMMIT, [`${REPO}/refs/old`]: 'other' });
  const [snapshot, ...more] = listHfSnapshots(cache);
  expect(more).toEqual([]);
  expect(snapshot).toMatchObject({
    repo: 'stabilityai/tiny-sd3',
    revision: COMMIT,
    refs: ['main', 'pr/1'],
    missing: [],
    unfinishedDownloads: 0,
  });
  const weight = openModelFolder(snapshot?.folder ?? '')
    .open('transformer')
    .weights.get('a');
  expect(weight.file.endsWith(join(REPO, 'blobs/2'))).toBe(true);
});

test('a snapshot of plain files (a system without links) is found as well', () => {
  const files = Object.fromEntries(
    Object.entries(WHOLE).map(([name, content]) => [`${REPO}/snapshots/x/${name}`, content]),
  );
  expect(listHfSnapshots(folderOf(files))).toMatchObject([{ revision: 'x', refs: [], missing: [] }]);
});

test('a partial snapshot is listed with the files it lacks, and downloads under way are counted', () => {
  const cache = cacheOf(
    { 'model_index.json': INDEX, 'transformer/config.json': CONFIG },
    { [`${REPO}/blobs/ff.incomplete`]: 'half' },
  );
  const [snapshot] = listHfSnapshots(cache);
  expect(snapshot?.unfinishedDownloads).toBe(1);
  expect(snapshot?.missing).toEqual([join(snapshot?.folder ?? '', 'transformer/diffusion_pytorch_model.safetensors')]);
});

test('a snapshot whose index is a link to nowhere or broken is listed as such, others are not disturbed', () => {
  const cache = cacheOf(WHOLE, {
    'models--a--broken/snapshots/1/model_index.json': '{',
    'models--a--none/snapshots/1/config.json': '{}',
    'models--plain/snapshots/1/model_index.json': { _class_name: 'P' },
    'datasets--a--b/snapshots/1/model_index.json': '{}',
    'version.txt': '1',
    '.locks/x': '',
  });
  symlinkSync('gone', join(cache, 'models--a--none/snapshots/1/model_index.json'));
  const found = listHfSnapshots(cache);
  expect(found.map(({ repo }) => repo)).toEqual(['a/broken', 'a/none', 'plain', 'stabilityai/tiny-sd3']);
  expect(found[0]?.fault?.kind).toBe('checkpoint-malformed');
  expect(found[1]?.missing).toEqual([join(cache, 'models--a--none/snapshots/1/model_index.json')]);
});

test('a cache that is not there is empty', () => {
  expect(listHfSnapshots('/nowhere/at/all')).toEqual([]);
});
