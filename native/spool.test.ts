import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDiskSpool } from './spool.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a spool on the disk', () => {
  it('gives every piece back once, in any order', async () => {
    const spool = await openDiskSpool(join(folder, 'made', 'when needed'));
    const piece = (seed: number) => Uint8Array.from({ length: 1000 + seed }, (_, at) => (at * seed) % 251);
    await Promise.all([1, 2, 3].map((seed) => spool.put(`${seed}`, piece(seed))));
    await spool.put('empty', new Uint8Array(0));
    for (const seed of [2, 3, 1]) expect(await spool.take(`${seed}`)).toEqual(piece(seed));
    expect(await spool.take('empty')).toHaveLength(0);
    await expect(spool.take('2')).rejects.toThrow('nothing waits as 2');
    await spool.close();
  });

  it('takes a piece anew in the place of the one of its name, as often as it is read', async () => {
    const spool = await openDiskSpool(folder);
    const piece = (seed: number, length: number) => new Uint8Array(length).fill(seed);
    await spool.put('a', piece(1, 10));
    await spool.put('b', piece(2, 20));
    await spool.put('a', piece(3, 10));
    expect([await spool.read('a'), await spool.read('a')]).toEqual([piece(3, 10), piece(3, 10)]);
    await spool.put('a', piece(4, 30));
    expect([await spool.read('b'), await spool.take('a')]).toEqual([piece(2, 20), piece(4, 30)]);
    await expect(spool.read('a')).rejects.toThrow('nothing waits as a');
    await spool.close();
  });

  it('leaves nothing in its folder, even while it is open', async () => {
    const spool = await openDiskSpool(folder);
    await spool.put('a', new Uint8Array(4096));
    expect(await readdir(folder)).toEqual([]);
    await spool.close();
  });

  it('names a folder that cannot be one', async () => {
    await writeFile(join(folder, 'file'), 'x');
    await expect(openDiskSpool(join(folder, 'file'))).rejects.toThrow(/file is a file; give the name of a folder/);
  });
});
