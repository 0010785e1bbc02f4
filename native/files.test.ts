import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkTarget, discardAllNow, readFileWithin, stageFile } from './files.ts';
import { foldersOf } from './folders.ts';
import { openKnownPlaces } from './known.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune files ü-'));
});
const bytes = (text: string) => new TextEncoder().encode(text);

describe('a staged file', () => {
  it('appears whole when it is committed, and not before', async () => {
    const path = join(folder, 'new', 'out.png');
    const staged = await stageFile(path, bytes('whole'), { replace: false });
    await expect(readFile(path)).rejects.toThrow();
    await staged.commit();
    expect(await readFile(path, 'utf8')).toBe('whole');
    expect(await readdir(join(folder, 'new'))).toEqual(['out.png']);
  });

  it('leaves nothing when it is discarded, or when the process says so at its end', async () => {
    const first = await stageFile(join(folder, 'a'), bytes('x'), { replace: false });
    await first.discard();
    await stageFile(join(folder, 'b'), bytes('x'), { replace: false });
    discardAllNow();
    expect(await readdir(folder)).toEqual([]);
  });

  it('never replaces a file unasked, not even one that came in between', async () => {
    const path = join(folder, 'out.png');
    const staged = await stageFile(path, bytes('mine'), { replace: false });
    await writeFile(path, 'theirs');
    await expect(staged.commit()).rejects.toThrow(/exists already; choose another name/);
    await staged.discard();
    await expect(stageFile(path, bytes('mine'), { replace: false })).rejects.toThrow(
      /exists already; choose another name/,
    );
    expect(await readFile(path, 'utf8')).toBe('theirs');
    expect(await readdir(folder)).toEqual(['out.png']);
  });

  it('replaces a file when asked, and writes through a link', async () => {
    await writeFile(join(folder, 'real.png'), 'old');
    await symlink('real.png', join(folder, 'link.png'));
    await (await stageFile(join(folder, 'link.png'), bytes('new'), { replace: true })).commit();
    expect(await readFile(join(folder, 'real.png'), 'utf8')).toBe('new');
  });

  it.each([
    ['a folder', async () => mkdir(join(folder, 'x')), /is a folder/],
    ['a link to nowhere', async () => symlink('gone', join(folder, 'x')), /link to a file that does not exist/],
  ])('is refused where %s has the name', async (_what, prepare, sentence) => {
    await prepare();
    await expect(stageFile(join(folder, 'x'), bytes('1'), { replace: true })).rejects.toThrow(sentence);
  });

  it.skipIf(process.platform === 'win32')('is refused for a device', async () => {
    await expect(stageFile('/dev/null', bytes('1'), { replace: true })).rejects.toThrow(/not an ordinary file/);
  });

  it.skipIf(process.getuid?.() === 0)('is refused in a folder without permission', async () => {
    await chmod(folder, 0o500);
    await expect(stageFile(join(folder, 'x'), bytes('1'), { replace: false })).rejects.toThrow(/permissions/);
  });

  it('is tried before a job runs, which leaves nothing behind', async () => {
    await checkTarget(join(folder, 'new', 'x.png'), false);
    expect(await readdir(join(folder, 'new'))).toEqual([]);
    // No permission bit tells that nobody can make a file there.
    if (process.platform === 'linux')
      await expect(checkTarget('/proc/x.png', false)).rejects.toThrow(/^\/proc\/x\.png/);
  });

  it('may have the longest name a disk allows', async () => {
    const name = `${'n'.repeat(251)}.png`;
    await (await stageFile(join(folder, name), bytes('1'), { replace: false })).commit();
    expect(await readdir(folder)).toEqual([name]);
    await expect(stageFile(join(folder, `${name}x`), bytes('1'), { replace: false })).rejects.toThrow(/too long/);
  });

  it('is the old one or the new one, whenever the writer is killed; the next write sweeps up', async () => {
    const path = join(folder, 'out.bin');
    const old = 'o'.repeat(300_000);
    const script = `
      import { stageFile } from ${JSON.stringify(new URL('./files.ts', import.meta.url).href)};
      process.stdout.write('.');
      for (let round = 0; ; round++) {
        const bytes = new Uint8Array(300_000).fill(97 + (round % 20));
        await (await stageFile(${JSON.stringify(path)}, bytes, { replace: true })).commit();
      }`;
    await writeFile(path, old);
    for (let round = 0; round < 25; round++) {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((done) => child.stdout.once('data', done));
      await new Promise((done) => setTimeout(done, (round * 7) % 40));
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await ended;
      const found = await readFile(path, 'latin1');
      expect(found).toHaveLength(300_000);
      expect(new Set(found).size).toBe(1);
    }
    await (await stageFile(path, bytes('end'), { replace: true })).commit();
    expect(await readdir(folder)).toEqual(['out.bin']);
  });
});

describe('reading', () => {
  it('is bounded and speaks in sentences', async () => {
    const path = join(folder, 'in.png');
    await writeFile(path, 'abcdef');
    expect(await readFileWithin(path, 6)).toEqual(bytes('abcdef'));
    await expect(readFileWithin(path, 5)).rejects.toThrow(/has 6 bytes, more than the 5/);
    await expect(readFileWithin(join(folder, 'none'), 5)).rejects.toThrow(/none does not exist/);
    await expect(readFileWithin(folder, 5)).rejects.toThrow(/is a folder/);
  });
});

describe('the folders', () => {
  it('follow XDG, and ignore a value that is not absolute', () => {
    const env = { XDG_CONFIG_HOME: '/conf', XDG_CACHE_HOME: 'relative' };
    expect(foldersOf({ platform: 'linux', home: '/home/me', env })).toEqual({
      settings: '/conf/attune',
      data: '/home/me/.local/share/attune',
      cache: '/home/me/.cache/attune',
      state: '/home/me/.local/state/attune',
    });
  });

  it('follow the habits of Windows and macOS', () => {
    const windows = foldersOf({ platform: 'win32', home: 'C:\\Users\\me', env: {} });
    expect(windows.settings).toBe('C:\\Users\\me\\AppData\\Roaming\\Attune');
    expect(windows.cache).toBe('C:\\Users\\me\\AppData\\Local\\Attune\\Cache');
    expect(foldersOf({ platform: 'darwin', home: '/Users/me', env: {} }).state).toBe('/Users/me/Library/Logs/Attune');
  });
});

describe('known places', () => {
  it('are recalled, and failing to keep them harms nobody', async () => {
    const key = 'a'.repeat(64);
    const places = openKnownPlaces(folder);
    expect(await places.recall(key)).toBeUndefined();
    await places.remember(key, '/pictures/ü.png');
    expect(await places.recall(key)).toBe('/pictures/ü.png');
    await writeFile(join(folder, 'file'), '');
    await openKnownPlaces(join(folder, 'file')).remember(key, '/x');
  });
});
