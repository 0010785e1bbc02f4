import { mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { archiveOf } from './archive.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-archive-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('an archive holds every file but what is being written, by its path below the folder', async () => {
  await mkdir(join(folder, 'maps', 'rot & blau'), { recursive: true });
  const files = ['manifest.json', 'größe.png', join('maps', 'rot & blau', '1.png'), 'empty.png'];
  for (const name of files) await writeFile(join(folder, name), name.startsWith('empty') ? '' : name);
  for (const name of ['batch.jsonl', '.attune-0123456789abcdef-1.00000000.tmp'])
    await writeFile(join(folder, name), 'x');
  const { stream } = await archiveOf(folder, 'a.zip');
  const unpacked = unzipSync(new Uint8Array(await buffer(stream)));
  const text = Object.entries(unpacked).map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]);
  expect(Object.fromEntries(text)).toEqual(
    Object.fromEntries(files.map((name) => [name.replaceAll('\\', '/'), name.startsWith('empty') ? '' : name])),
  );
});

it('an archive of more than 4 GiB is whole and takes little memory', { timeout: 600_000 }, async () => {
  const size = 2 ** 32 + 2 ** 20;
  const file = await open(join(folder, 'film.mp4'), 'w');
  await file.truncate(size);
  await file.close();
  const { stream } = await archiveOf(folder, 'a.zip');
  const before = process.resourceUsage().maxRSS;
  let [length, last] = [0, new Uint8Array(0)];
  for await (const part of stream) {
    length += part.length;
    if (length > size) last = Uint8Array.from([...last, ...part.slice(-1024)]);
  }
  expect(length).toBeGreaterThan(size);
  expect(length).toBeLessThan(size + 1024);
  // The end of a directory whose places have 64 bits, and in it the one file.
  const end = Buffer.from(last).lastIndexOf(Buffer.from('PK\x06\x06'));
  expect(end).toBeGreaterThan(0);
  expect(Buffer.from(last).readBigUInt64LE(end + 32)).toBe(1n);
  expect(Buffer.from(last).readBigUInt64LE(end + 48)).toBeGreaterThan(BigInt(size));
  expect((process.resourceUsage().maxRSS - before) * 1024).toBeLessThan(300e6);
});

it.skipIf(process.platform !== 'linux')('an archive that nobody reads on leaves no file open', async () => {
  for (const name of ['a.png', 'b.png']) await writeFile(join(folder, name), new Uint8Array(2 ** 20));
  const count = async () => (await readdir('/proc/self/fd')).length;
  const before = await count();
  for (let round = 0; round < 20; round++) {
    const { stream } = await archiveOf(folder, 'a.zip');
    const reader = stream.getReader();
    await reader.read();
    await reader.read();
    await reader.cancel(new Error('gone')).catch(() => {});
  }
  await expect.poll(count).toBeLessThan(before + 5);
});
