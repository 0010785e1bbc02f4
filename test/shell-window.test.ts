import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_MEDIA_BYTES } from '../contract/index.ts';
import type { ChildProcess } from '../electron/api.ts';
import { ORIGIN } from '../electron/guards.ts';
import type { ShellPlaces, ShellStart } from '../electron/shell.ts';
import type { Double, DoubleOptions } from './electron/double.ts';
import { placesHere, startOnDouble } from './electron/shell.ts';

/** The real shell on the stand-in, with processes that do nothing: its window, pictures from the system, dialogs, and who tells whom. */
let places: ShellPlaces;
let home: string;
beforeAll(async () => {
  places = await placesHere();
  home = await mkdtemp(join(tmpdir(), 'attune-window-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** A process that only notes what it is told. */
interface Still {
  readonly path: string;
  readonly events: EventEmitter;
  readonly told: { readonly kind: string; readonly id?: number; readonly grant?: string }[];
  isKilled: boolean;
}

async function start(options: Partial<DoubleOptions> = {}, how: Partial<ShellStart> = {}) {
  const processes: Still[] = [];
  const fork = (path: string): ChildProcess => {
    const events = new EventEmitter();
    const still: Still = { path, events, told: [], isKilled: false };
    processes.push(still);
    return Object.assign(events as unknown as ChildProcess, {
      kill: () => (still.isKilled = true),
      postMessage: (message: unknown) => void still.told.push(message as Still['told'][number]),
    });
  };
  const double = await startOnDouble({ fork, appData: await mkdtemp(join(home, 'data-')), ...options }, places, how);
  const [window = expect.fail('no window')] = double.windows;
  return { double, window, processes };
}

describe('the window', () => {
  const bounds = { x: 40, y: 60, width: 1100, height: 700 };
  const closeAt = async (appData: string, place: { readonly isMaximized: boolean }) => {
    const { window } = await start({ appData });
    Object.assign(window, { bounds, ...place });
    window.events.emit('close');
  };

  it('opens where it was, maximised if it was, and shows itself only with a page in it', async () => {
    const appData = await mkdtemp(join(home, 'data-'));
    expect((await start({ appData })).window.options).toMatchObject({ width: 1440, show: false });
    await closeAt(appData, { isMaximized: false });
    const again = await start({ appData });
    expect(again.window.options).toMatchObject(bounds);
    expect(again.window.calls).toEqual([`${ORIGIN}/`, 'show']);
    await closeAt(appData, { isMaximized: true });
    expect((await start({ appData })).window.calls).toEqual([`${ORIGIN}/`, 'maximize', 'show']);
  });

  it('is never where no screen is, whatever was remembered', async () => {
    const appData = await mkdtemp(join(home, 'data-'));
    await closeAt(appData, { isMaximized: false });
    const elsewhere = [{ x: 1100, y: 0, width: 1920, height: 1080 }];
    const moved = await start({ appData, screens: elsewhere });
    expect(moved.window.options).toMatchObject({ width: 1440, height: 900 });
    expect(moved.window.options).not.toHaveProperty('x');
    const file = join(moved.double.paths.get('userData') ?? '', 'window.json');
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"bounds":{"x":1e99},"isMaximized":true}',
      '{"bounds":[],"isMaximized":0}',
    ]) {
      await writeFile(file, text);
      expect((await start({ appData })).window.options, text).toMatchObject({ width: 1440, height: 900 });
    }
  });

  it('has the ground of its theme before there is a page', async () => {
    const css = await readFile(join(import.meta.dirname, '../renderer/src/styles/tokens.css'), 'utf8');
    const grounds = [...css.matchAll(/--ground: (#\w+)/g)].map(([, colour]) => colour);
    const colourOf = async (isDark: boolean) => (await start({ isDark })).window.options.backgroundColor;
    expect([await colourOf(false), await colourOf(true)]).toEqual(grounds.slice(0, 2));
  });

  it('keeps its files apart from the settings that the command line shares', async () => {
    const { double } = await start({}, { platform: 'linux' });
    expect(double.paths.get('userData')).toBe(join(double.api.app.getPath('appData'), 'attune', 'shell'));
  });

  it('loads a page that ended again, but not a third time in five minutes', async () => {
    const { double, window } = await start();
    const end = (reason: string) => window.contents.emit('render-process-gone', {}, { reason });
    const loads = () => window.calls.filter((call) => call === `${ORIGIN}/`).length;
    end('clean-exit');
    expect(loads()).toBe(1);
    end('crashed');
    end('oom');
    expect([loads(), double.errors]).toEqual([3, []]);
    end('crashed');
    expect(loads()).toBe(3);
    expect(double.errors).toEqual([expect.stringMatching(/three times .* start Attune again/)]);
  });

  it('trusts no certificate that the system does not', async () => {
    const { double } = await start();
    const answers: boolean[] = [];
    const event = { preventDefault: () => {} };
    double.app.emit('certificate-error', event, null, 'https://localhost/', 'net::ERR', {}, (is: boolean) =>
      answers.push(is),
    );
    expect(answers).toEqual([false]);
  });
});

describe('a picture from the system', () => {
  const named = async (name: string, text: string) => {
    const path = join(home, name);
    await writeFile(path, text);
    return path;
  };
  const arrived = ({ windows }: Double) =>
    windows.flatMap(({ posted }) => posted).filter(({ channel }) => channel === 'attune:picture');
  const picture = (name: string, text: string) => ({
    channel: 'attune:picture',
    message: { name, bytes: new TextEncoder().encode(text) },
  });

  it('reaches the editor from the command line, a second start and the dock, in order, once it listens', async () => {
    await named('one.png', '1');
    await named('two.JPG', '2');
    const three = await named('three.webp', '3');
    await named('notes.txt', 'x');
    const { double } = await start({}, { argv: ['/opt/attune', '--flag=a.png', 'one.png', 'notes.txt'], folder: home });
    double.app.emit('second-instance', {}, ['/opt/attune', '--allow-file-access', 'two.JPG'], home);
    let isTaken = false;
    double.app.emit('open-file', { preventDefault: () => (isTaken = true) }, three);
    expect(isTaken).toBe(true);
    double.send('attune:openWith', { id: 99 });
    double.send('attune:openWith', { frame: { origin: ORIGIN } });
    await new Promise((done) => setTimeout(done, 50));
    expect(arrived(double)).toEqual([]);
    double.send('attune:openWith');
    await expect.poll(() => arrived(double).length).toBe(3);
    expect(arrived(double)).toEqual([picture('one.png', '1'), picture('two.JPG', '2'), picture('three.webp', '3')]);
    double.app.emit('open-file', { preventDefault: () => {} }, three);
    await expect.poll(() => arrived(double).length).toBe(4);
    expect(double.errors).toEqual([]);
  });

  it('waits for the next page where one ended', async () => {
    const { double, window } = await start();
    double.send('attune:openWith');
    window.contents.emit('render-process-gone', {}, { reason: 'crashed' });
    double.app.emit('second-instance', {}, ['attune', await named('late.png', '4')], home);
    await new Promise((done) => setTimeout(done, 50));
    expect(arrived(double)).toEqual([]);
    double.send('attune:openWith');
    await expect.poll(() => arrived(double)).toEqual([picture('late.png', '4')]);
  });

  it('that is a folder, absent or too large is named with a way out, and holds up no other', async () => {
    await mkdir(join(home, 'folder.png'));
    await truncate(await named('large.png', ''), MAX_MEDIA_BYTES + 1);
    await named('good.png', '5');
    const { double } = await start(
      {},
      { argv: ['attune', 'folder.png', 'absent.png', 'large.png', 'good.png'], folder: home },
    );
    double.send('attune:openWith');
    await expect.poll(() => arrived(double)).toEqual([picture('good.png', '5')]);
    expect(double.errors).toEqual(
      ['folder', 'absent', 'large'].map((name) => expect.stringMatching(`^${name}.png could`)),
    );
    expect(double.errors[0]).toContain('choose a picture');
  });

  it('comes at most sixteen at a time', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, (_, index) => named(`many-${index}.png`, '6')));
    const { double } = await start({}, { argv: ['attune', ...many] });
    double.send('attune:openWith');
    await expect.poll(() => arrived(double).length).toBe(16);
  });
});

describe('a dialog', () => {
  it('belongs to the window, and there is one at a time', async () => {
    const { double, window, processes } = await start();
    let open = () => {};
    double.dialogGate = new Promise((done) => {
      open = done;
    });
    double.nextPath = '/chosen/folder';
    const first = double.invoke('attune:chooseFolder');
    expect(await double.invoke('attune:chooseFolder')).toBeNull();
    expect(await double.invoke('attune:chooseSave', 'a.png')).toBeNull();
    open();
    await expect.poll(() => processes[0]?.told.length).toBe(1);
    const { grant = '' } = processes[0]?.told[0] ?? {};
    processes[0]?.events.emit('message', { kind: 'granted', grant });
    expect(await first).toEqual({ grant, name: 'folder' });
    expect(double.dialogs).toEqual([window.window]);
  });

  it('is answered with nothing, and a sentence, where the service ends before it knows the choice', async () => {
    const { double, processes } = await start();
    double.nextPath = '/chosen/a.png';
    const choice = double.invoke('attune:chooseSave', 'a.png');
    await expect.poll(() => processes[0]?.told.length).toBe(1);
    processes[0]?.events.emit('exit', 1);
    expect(await choice).toBeNull();
    expect(double.errors).toEqual([expect.stringMatching(/choose again/)]);
  });
});

describe('the processes', () => {
  const exits = ({ told }: Still) => told.filter(({ kind }) => kind === 'runnerExit');
  const startRunner = (service: Still, id: number) => service.events.emit('message', { kind: 'startRunner', id });

  it('of a service that ended are told to no later one, which counts anew', async () => {
    const { processes } = await start();
    const [first = expect.fail()] = processes;
    startRunner(first, 1);
    first.events.emit('exit', 1);
    const [, oldRunner = expect.fail(), second = expect.fail()] = processes;
    expect(oldRunner.isKilled).toBe(true);
    startRunner(second, 1);
    oldRunner.events.emit('exit', 15);
    expect(exits(second)).toEqual([]);
    const newRunner = processes[3] ?? expect.fail();
    second.events.emit('message', { kind: 'killRunner', id: 1 });
    expect(newRunner.isKilled).toBe(true);
    newRunner.events.emit('exit', 15);
    expect(exits(second)).toHaveLength(1);
  });

  it('are closed once, however often the user quits', async () => {
    const { double, processes } = await start();
    const [service = expect.fail()] = processes;
    double.api.app.quit();
    double.api.app.quit();
    await expect.poll(() => service.told.filter(({ kind }) => kind === 'close').length).toBe(1);
    expect(double.hasQuit()).toBe(false);
    service.events.emit('message', { kind: 'closed' });
    await expect.poll(() => double.hasQuit()).toBe(true);
    expect(service.isKilled).toBe(true);
  });

  it('that cannot run are ended before the user is told', async () => {
    const { double, processes } = await start();
    processes[0]?.events.emit('message', { kind: 'failed', sentence: 'Attune is open already.' });
    expect(processes[0]?.isKilled).toBe(true);
    processes[0]?.events.emit('exit', 15);
    await expect.poll(() => double.hasQuit()).toBe(true);
    expect(processes).toHaveLength(1);
  });
});
