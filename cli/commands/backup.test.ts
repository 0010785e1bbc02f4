import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EditRequest, HistoryEntry } from '../../contract/index.ts';
import { pictureIn } from '../../service/store/backup.ts';
import { openTestDesk, type TestDesk } from '../../service/testdesk.ts';
import { ATTUNE } from '../../test/served.ts';

const request: EditRequest = { method: 'generate', checkpoint: 'embedded/image', prompt: 'a cat', seed: 3, steps: 2 };

/** The command as a user starts it, on the folders below `home`. */
async function attune(home: string, ...argv: readonly string[]) {
  const env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: '',
    XDG_DATA_HOME: '',
    XDG_CACHE_HOME: '',
    XDG_STATE_HOME: '',
  };
  const told = await promisify(execFile)(process.execPath, [ATTUNE, ...argv], { env }).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  return { code: 'code' in told ? told.code : 0, out: told.stdout, err: told.stderr };
}

describe('a backup of an open Attune', () => {
  let desk: TestDesk;
  let entry: HistoryEntry;
  let backup: string;
  const desks: TestDesk[] = [];
  beforeAll(async () => {
    desk = await openTestDesk();
    desks.push(desk);
    const { client, events } = desk;
    const { job } = await client.call('jobs.submit', { request });
    await vi.waitUntil(() => events.some((event) => event.kind === 'result'), { timeout: 60_000 });
    await client.call('queue.pause', {});
    await client.call('jobs.submit', { request: { ...request, seed: 4 } });
    await client.call('journal.append', { entries: [new Uint8Array([1, 2, 3])] });
    await client.call('settings.set', { settings: { theme: 'dark' } });
    const { entries } = await client.call('history.list', { limit: 5 });
    entry = entries.find(({ id }) => id === job)!;
    backup = join(desk.home, 'backups', 'monday');
  });
  afterAll(async () => {
    for (const one of desks) await one.remove();
  });

  it('holds all of it, says so, and is not written over', async () => {
    const { code, out } = await attune(desk.home, 'backup', backup);
    expect(out).toMatch(/monday: 1 results, 1 jobs, \d+ pictures, [\d.]+ MB; every file was read again/);
    expect(code).toBe(0);
    expect((await readdir(backup)).sort()).toEqual(['attune.sqlite', 'backup.json', 'media', 'settings.json']);
    expect(await readdir(join(desk.home, 'backups'))).toEqual(['monday']);
    const again = await attune(desk.home, 'backup', backup);
    expect([again.code, again.err]).toEqual([
      1,
      expect.stringMatching(/monday exists already; give the name of a folder/),
    ]);
  });

  it('is not put in place of an Attune that is open, nor of a store without being asked to', async () => {
    const refused = await attune(desk.home, 'restore', backup);
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/exists already; add --force/)]);
    const open = await attune(desk.home, 'restore', backup, '--force');
    expect([open.code, open.err]).toEqual([1, expect.stringMatching(/is in use: Attune is open; close it/)]);
  });

  it('comes back in another home: result, queue, journal, settings, and the picture to its last byte', async () => {
    const home = join(desk.home, 'elsewhere');
    const said = await attune(home, 'restore', backup);
    expect(said.err).toBe('');
    expect(said.out).toMatch(/Restored 1 results, 1 jobs and \d+ pictures of .*The settings are restored as well/s);
    const other = await openTestDesk(home);
    desks.unshift(other);
    const { client } = other;
    const { queue, settings } = await client.call('hello', {});
    expect(queue).toMatchObject({ isPaused: true, jobs: [{ state: 'waiting', request: { seed: 4 } }] });
    expect(settings.theme).toBe('dark');
    expect((await client.call('history.list', { limit: 5 })).entries).toEqual([entry]);
    expect((await client.call('journal.read', {})).entries.map((bytes) => [...bytes])).toEqual([[1, 2, 3]]);
    const { sha256 } = entry.result.ref;
    const picture = await client.call('media.get', { sha256 });
    expect(picture.bytes).toEqual(new Uint8Array(await readFile(pictureIn(desk.options.folders.data, sha256))));
  });

  it('replaces a store that it is told to, and keeps that beside it', async () => {
    const home = join(desk.home, 'third');
    const third = await openTestDesk(home);
    await third.close();
    const { code, out } = await attune(home, 'restore', backup, '--force');
    expect([code, out]).toEqual([0, expect.stringMatching(/What was there is kept as .*attune\.sqlite\.replaced-/)]);
  });

  it('that was changed, cut or made by a later version is refused by name', async () => {
    const home = join(desk.home, 'fourth');
    const store = join(backup, 'attune.sqlite');
    const whole = await readFile(store);
    await writeFile(store, whole.with(5000, (whole[5000] ?? 0) ^ 1));
    expect((await attune(home, 'restore', backup)).err).toMatch(/attune\.sqlite is not as it was backed up/);
    await writeFile(store, whole);
    const file = join(backup, 'backup.json');
    const manifest = await readFile(file, 'utf8');
    await writeFile(file, JSON.stringify({ ...JSON.parse(manifest), form: 9999, version: '9.0.0' }));
    expect((await attune(home, 'restore', backup)).err).toMatch(/made by a later version, Attune 9\.0\.0/);
    await writeFile(file, manifest.slice(0, 40));
    expect((await attune(home, 'restore', backup)).err).toMatch(/is no backup of this Attune/);
    await writeFile(file, manifest);
    const { sha256 } = entry.result.ref;
    await writeFile(pictureIn(backup, sha256), 'no picture');
    expect((await attune(home, 'restore', backup)).out).toContain(
      `The picture ${sha256.slice(0, 12)} is missing or damaged in the backup.`,
    );
  });
});
