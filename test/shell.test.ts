import { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeskEvent, Granted } from '../contract/index.ts';
import type { ChildProcess } from '../electron/api.ts';
import { ORIGIN } from '../electron/guards.ts';
import type { ShellPlaces, ShellStart } from '../electron/shell.ts';
import { type Double, openDouble } from './electron/double.ts';
import { connectOn, placesHere, startOnDouble } from './electron/shell.ts';
import { type DoubleProcess, forkDouble } from './electron/utility.ts';

/** The real shell on the stand-in: what it forbids, and that its processes come up, die and come up again. */
let places: ShellPlaces;
let home: string;
beforeAll(async () => {
  places = await placesHere();
  home = await mkdtemp(join(tmpdir(), 'attune-shell-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** A process that does nothing. */
const still = (): ChildProcess =>
  Object.assign(new EventEmitter() as unknown as ChildProcess, { kill: () => true, postMessage: () => {} });
const startStill = (options: Partial<Parameters<typeof openDouble>[0]> = {}, start: Partial<ShellStart> = {}) =>
  startOnDouble({ fork: still, ...options }, places, start);

describe('the window', () => {
  it('has every wall that Electron offers', async () => {
    const { windows, schemes } = await startStill();
    expect(windows).toHaveLength(1);
    expect(windows[0]?.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      allowRunningInsecureContent: false,
    });
    expect(windows[0]?.calls[0]).toBe(`${ORIGIN}/`);
    // Neither may scripts of the scheme pass the policy by, nor may it reach beyond.
    expect(schemes).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
  });

  it('goes nowhere, opens nothing and embeds nothing', async () => {
    const { windows } = await startStill();
    const [{ contents, openHandler } = expect.fail()] = windows;
    const stopped = (event: string, url: string) => {
      let isStopped = false;
      contents.emit(event, { url, preventDefault: () => (isStopped = true) });
      return isStopped;
    };
    for (const url of [
      'https://example.org/',
      'file:///etc/passwd',
      `${ORIGIN}.example.org/`,
      'app://other/',
      'javascript:1',
    ])
      expect(stopped('will-navigate', url), url).toBe(true);
    expect(stopped('will-navigate', `${ORIGIN}/`)).toBe(false);
    expect(stopped('will-attach-webview', '')).toBe(true);
    expect(stopped('will-redirect', `${ORIGIN}/`)).toBe(true);
    expect(openHandler()?.({ url: `${ORIGIN}/` })).toEqual({ action: 'deny' });
  });

  it('gets no permission, no device, and nothing from the network', async () => {
    const { session } = await startStill();
    const ask = session as unknown as {
      permission(contents: null, name: string, answer: (isGiven: boolean) => void): void;
      check(contents: null, name: string): boolean;
      device(): boolean;
      request(details: { url: string }, answer: (result: { cancel: boolean }) => void): void;
    };
    for (const name of [
      'media',
      'geolocation',
      'notifications',
      'openExternal',
      'fileSystem',
      'clipboard-read',
      'usb',
    ]) {
      ask.permission(null, name, (isGiven) => expect(isGiven, name).toBe(false));
      expect(ask.check(null, name), name).toBe(false);
    }
    expect(ask.device()).toBe(false);
    const isLet = (url: string) => {
      let result = false;
      ask.request({ url }, ({ cancel }) => {
        result = !cancel;
      });
      return result;
    };
    for (const url of [
      'https://example.org/a',
      'http://127.0.0.1/',
      'ws://127.0.0.1/',
      'file:///etc/passwd',
      'app://attune.example.org/',
    ])
      expect(isLet(url), url).toBe(false);
    expect([`${ORIGIN}/assets/a.js`, `blob:${ORIGIN}/1`, 'data:image/png;base64,'].map(isLet)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('finds the files of the editor and no others, under a policy that loads nothing from elsewhere', async () => {
    const { answer } = await startStill();
    const page = await answer(`${ORIGIN}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'; script-src 'self'/);
    for (const path of [
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/../../package.json',
      '/etc/passwd',
      '/index.html/',
      '//etc/passwd',
    ])
      expect((await answer(`${ORIGIN}${path}`)).status, path).toBe(404);
    expect((await answer('app://other/index.html')).status).toBe(404);
  });
});

describe('the application', () => {
  it('is there once: a second start shows the first window', async () => {
    const second = openDouble({ fork: () => expect.fail('no process'), isFirst: false });
    const { runShell } = await import('../electron/shell.ts');
    await runShell(second.api, places, { platform: 'linux', argv: [], folder: home });
    expect([second.hasQuit(), second.windows.length]).toEqual([true, 0]);

    const first = await startStill();
    first.app.emit('second-instance', {}, ['attune'], home);
    expect(first.windows[0]?.calls.slice(-3)).toEqual(['restore', 'show', 'focus']);
  });

  it('ends with its last window, but not on macOS, where it opens another', async () => {
    const mac = await startStill({}, { platform: 'darwin' });
    mac.app.emit('window-all-closed');
    expect(mac.hasQuit()).toBe(false);
    mac.windows[0]?.events.emit('closed');
    mac.app.emit('activate');
    expect(mac.windows).toHaveLength(2);
    expect(mac.menus[0]?.map(({ role }) => role)).toContain('editMenu');
    const other = await startStill({}, { platform: 'linux' });
    expect(other.menus).toEqual([null]);
  });

  it('answers only the main frame of its own window', async () => {
    const double = await startStill();
    const strangers = [
      { id: 99 },
      { frame: null },
      { frame: { origin: ORIGIN } },
      { frame: { origin: 'https://example.org' } },
    ];
    double.nextPath = '/somewhere';
    for (const from of strangers) {
      await expect(double.invoke('attune:chooseFolder', undefined, from)).rejects.toThrow('refused');
      await expect(double.invoke('attune:chooseSave', 'a.png', from)).rejects.toThrow('refused');
    }
    await expect(double.invoke('attune:readFile', '/etc/passwd')).rejects.toThrow('No handler');
  });

  it('says what is wrong when its service cannot run', async () => {
    const processes: EventEmitter[] = [];
    const double = await startStill({
      fork: () => {
        const process = still();
        processes.push(process as unknown as EventEmitter);
        return process;
      },
    });
    processes[0]?.emit('message', { kind: 'failed', sentence: 'Attune is open already.' });
    expect(double.errors).toEqual(['Attune is open already.']);
    const again = await startStill({
      fork: () => {
        const process = still();
        setImmediate(() => (process as unknown as EventEmitter).emit('exit', 1));
        return process;
      },
    });
    await expect.poll(() => again.errors.length).toBe(1);
    expect(again.errors[0]).toMatch(/ends again and again/);
  });
});

describe('the processes', () => {
  let double: Double;
  const forked: { readonly path: string; readonly process: DoubleProcess }[] = [];
  const last = (name: string) => forked.findLast(({ path }) => path.includes(name))?.process.pid ?? 0;
  const start = async () => {
    const env = {
      ...process.env,
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'c'),
      XDG_DATA_HOME: join(home, 'd'),
      XDG_STATE_HOME: join(home, 's'),
      XDG_CACHE_HOME: join(home, 'k'),
    };
    double = await startOnDouble(
      {
        pictures: join(home, 'Pictures'),
        fork: (path, args, options) => {
          const process = forkDouble(path, args, env, options);
          forked.push({ path, process });
          return process;
        },
      },
      places,
    );
    return double;
  };
  afterEach(async () => {
    double?.api.app.quit();
    await expect.poll(() => double.hasQuit(), { timeout: 10_000 }).toBe(true);
    for (const { process: child } of forked.splice(0)) child.kill();
  });

  const connect = () => connectOn(double);
  const request = {
    method: 'generate',
    checkpoint: 'embedded/image',
    prompt: 'a red apple on grass',
    seed: 3,
    steps: 12,
  };
  const hasResult = (events: readonly DeskEvent[], job: string) =>
    expect
      .poll(() => events.some((event) => event.kind === 'result' && event.entry.id === job), { timeout: 60_000 })
      .toBe(true);

  it('run a job with previews past the main process, and survive the death of either', async () => {
    await start();
    const { client, events } = await connect();
    expect((await client.call('hello', {})).sample.source.width).toBe(128);
    const first = await client.call('jobs.submit', { request });
    await hasResult(events, first.job);
    expect(events.some((event) => event.kind === 'run' && event.event.kind === 'preview')).toBe(true);

    const second = await client.call('jobs.submit', { request: { ...request, seed: 4 } });
    await expect.poll(() => events.some((event) => event.kind === 'run' && event.job === second.job)).toBe(true);
    process.kill(last('runner'), 'SIGKILL');
    await hasResult(events, second.job);

    const third = await client.call('jobs.submit', { request: { ...request, seed: 5 } });
    const lost = new Promise<void>((done) => client.onClose(done));
    process.kill(last('service'), 'SIGKILL');
    await lost;
    await expect.poll(() => forked.filter(({ path }) => path.includes('service')).length).toBe(2);
    const again = await connect();
    const { entries } = await again.client.call('history.list', { limit: 9 });
    expect(entries.map(({ id }) => id)).toEqual(expect.arrayContaining([first.job, second.job]));
    if (!entries.some(({ id }) => id === third.job)) await hasResult(again.events, third.job);
  });

  it('end a runner that is stopped, say so, and run its job again', async () => {
    await start();
    const { client, events } = await connect();
    const { job } = await client.call('jobs.submit', { request: { ...request, seed: 6 } });
    await expect.poll(() => events.some((event) => event.kind === 'run' && event.event.kind === 'step')).toBe(true);
    const stopped = last('runner');
    process.kill(stopped, 'SIGSTOP');
    await expect
      .poll(() => events.flatMap((event) => (event.kind === 'engine' ? [event.sentence] : [])), { timeout: 40_000 })
      .toContainEqual(expect.stringMatching(/did not answer for 10 seconds and was ended\. It is starting again/));
    await hasResult(events, job);
    expect(last('runner')).not.toBe(stopped);
    expect(() => process.kill(stopped, 0)).toThrow('ESRCH');
  });

  it('know a chosen path only by its grant, which works once', async () => {
    await start();
    const { client, events } = await connect();
    const { job } = await client.call('jobs.submit', { request: { ...request, steps: 2 } });
    await hasResult(events, job);
    double.nextPath = undefined;
    expect(await double.invoke('attune:chooseSave', 'a.png')).toBeNull();
    double.nextPath = join(home, 'saved.png');
    const granted = (await double.invoke('attune:chooseSave', '../../etc/cron.d/a.png')) as Granted;
    expect(double.proposed.at(-1)).toBe('a.png');
    expect(granted).toEqual({ grant: expect.any(String), name: 'saved.png' });
    const options = { format: 'png', withMetadata: true } as const;
    await client.call('export.save', { id: job, options, grant: granted.grant });
    expect((await readFile(double.nextPath)).subarray(1, 4).toString()).toBe('PNG');
    await writeFile(double.nextPath, 'mine');
    await expect(client.call('export.save', { id: job, options, grant: granted.grant })).rejects.toThrow(
      /choose .* again/,
    );
    expect(await readFile(double.nextPath, 'utf8')).toBe('mine');
  });
});

const program = process.env.ATTUNE_ELECTRON;
describe.skipIf(program === undefined)('on a real Electron, which ATTUNE_ELECTRON names', () => {
  it('opens the editor and edits the sample', async () => {
    const electron = await _electron.launch({
      ...(program !== undefined && { executablePath: program }),
      args: [join(import.meta.dirname, '..')],
      env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, XDG_DATA_HOME: home } as Record<
        string,
        string
      >,
    });
    try {
      const page = await electron.firstWindow();
      await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor();
      await page.keyboard.press('Control+Enter');
      await page.getByRole('img', { name: /^Result/ }).waitFor({ timeout: 60_000 });
      expect(await page.evaluate('typeof process + typeof require')).toBe('undefinedundefined');
    } finally {
      await electron.close();
    }
  });
});
