import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockFolder } from './lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lock = () => join(folder, '.attune-batch.lock');

it('a folder is locked once, and free again when it was unlocked', async () => {
  const unlock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(`Another process (${process.pid}) runs a batch into`);
  await unlock();
  expect(await readdir(folder)).toEqual([]);
  await (await lockFolder(folder))();
});

it('a lock of a process that is gone, of before the computer started, or cut off by a power loss does not count', async () => {
  const unlock = await lockFolder(folder);
  const text = await readFile(lock(), 'utf8');
  await unlock();
  // A process of this number runs.
  for (const old of [
    `${process.ppid}`,
    `${process.ppid} another-boot\n`,
    text.slice(0, -1),
    '',
    text.replace(/^\d+/, '4194399'),
  ]) {
    await writeFile(lock(), old);
    await (await lockFolder(folder))();
  }
});
