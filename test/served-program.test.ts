import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtEditor, mayBuild } from '../cli/editor.ts';
import { isRunning } from '../native/files.ts';
import { launchChromium, noChromium, skipReason } from './chromium.ts';
import { ATTUNE, killServed, ROOT, type Served, serveIn } from './served.ts';

/** `attune serve` and `npm start` as a user starts them: processes with real signals, the built editor, a real browser. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-program-'));
  await builtEditor();
});
afterAll(async () => {
  killServed();
  await rm(folder, { recursive: true, force: true });
});

const serve = (name: string, args: readonly string[], change?: NodeJS.ProcessEnv) =>
  serveIn(join(folder, name), args, change);

/** Ids of a process' children; known on Linux only. */
async function childrenOf(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return list.split(' ').filter(Boolean).map(Number);
}

/** Runs the command to its end. */
function attune(env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [ATTUNE, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr }),
    );
  });
}

/** Ids of everything that it started, and that those started; known on Linux only. */
async function descendantsOf(pid: number): Promise<number[]> {
  const children = await childrenOf(pid);
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
}

const START = join(ROOT, 'cli', 'start.ts');

describe('the program', () => {
  it('serves until Ctrl-C and then leaves nothing running', async () => {
    const served = await serve('plain', [ATTUNE, 'serve']);
    const entry = await fetch(served.url, { redirect: 'manual' });
    expect(entry.status).toBe(303);
    const runners = await childrenOf(served.pid);
    const { code, out } = await served.stop();
    if (process.platform === 'linux') expect(runners).toHaveLength(1);
    for (const runner of runners) expect(() => process.kill(runner, 0)).toThrow('ESRCH');
    expect([code, out]).toEqual([0, `Attune is at ${served.url}\n`]);
    await expect(fetch(served.url)).rejects.toThrow();
  });

  it('lets one browser in by its address; for another one, --address prints another', async () => {
    const served = await serve('address', [ATTUNE, 'serve']);
    const statusOf = async (url: string) => (await fetch(url, { redirect: 'manual' })).status;
    expect([await statusOf(served.url), await statusOf(served.url)]).toEqual([303, 401]);
    const next = await served.address();
    expect(new URL(next).origin).toBe(new URL(served.url).origin);
    expect([await statusOf(next), await statusOf(next)]).toEqual([303, 401]);
    const { out, err } = await served.stop();
    expect(out + err).toContain('attune serve --address');
  });

  it('started again says where the first one is, which --stop ends with its runner', async () => {
    const served = await serve('again', [ATTUNE, 'serve']);
    const { origin } = new URL(served.url);
    const second = serve('again', [ATTUNE, 'serve']);
    await expect(second).rejects.toThrow(`is open already at ${origin}/ as process ${served.pid};`);
    const runners = await childrenOf(served.pid);
    const stopped = await attune(served.env, 'serve', '--stop');
    expect(stopped).toEqual({ code: 0, said: `Attune at ${origin}/, process ${served.pid}, has ended.\n` });
    for (const pid of [served.pid, ...runners]) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    for (const option of ['--stop', '--address'])
      expect(await attune(served.env, 'serve', option)).toEqual({
        code: 2,
        said: 'attune: Attune is not being served; "attune serve" starts it.\n',
      });
  });

  describe.skipIf(process.platform !== 'linux')('when what started it is gone', () => {
    const launcher = [
      process.execPath,
      join(ROOT, 'cli', 'with-pinned-node.mjs'),
      'node',
      ATTUNE,
      'serve',
      '--port',
      '0',
    ];
    const shell = (command: string) => ['sh', '-c', `${command}; true`];
    /** A program that waits for another one, as npm does: npm itself is a Node of this name. */
    const npm = (command: readonly string[]) => {
      const env = '{ ...process.env, npm_node_execpath: process.execPath }';
      const [program, ...args] = command.map((part) => JSON.stringify(part));
      return [
        '-e',
        `require('node:child_process').spawnSync(${program}, [${args}], { stdio: 'inherit', env: ${env} })`,
        '--',
      ];
    };
    const quoted = launcher.map((part) => `"${part}"`).join(' ');

    it.each([
      ['a launcher', launcher.slice(1, -2)],
      ['npm', npm(launcher)],
      ['npm before a shell', npm(shell(quoted))],
    ])('killed, it ends too: %s', async (name, args) => {
      const served = await serve(name, args);
      const below = await descendantsOf(served.pid);
      expect(below.length).toBeGreaterThanOrEqual(2);
      await served.kill();
      for (const pid of below) await expect.poll(() => isRunning(pid)).toBe(false);
    });

    it('ended, what it left in the background goes on', async () => {
      const state = join(folder, 'left', 'state', 'attune', 'open.json');
      const served = await serve(
        'left',
        npm(shell(`${quoted} 2>&1 & while ! grep -q door "${state}"; do sleep 0.1; done`)),
      );
      await served.ended;
      const { pid } = JSON.parse(await readFile(state, 'utf8')) as { readonly pid: number };
      // Some times as long as it takes to see that a parent is gone.
      await new Promise((done) => setTimeout(done, 2000));
      expect(isRunning(pid)).toBe(true);
      await attune(served.env, 'serve', '--stop');
      expect(isRunning(pid)).toBe(false);
    });
  });

  it('says of one that is open in a window, or does not answer, which process it is', async () => {
    const state = join(folder, 'window', 'state', 'attune');
    await mkdir(state, { recursive: true });
    const env = { ...process.env, XDG_STATE_HOME: join(folder, 'window', 'state') };
    await writeFile(join(state, 'open.json'), JSON.stringify({ pid: process.pid }));
    expect((await attune(env, 'serve', '--stop')).said).toContain(`open as process ${process.pid}, in a window`);
    const door = { url: 'http://127.0.0.1:9', secret: 'x' };
    await writeFile(join(state, 'open.json'), JSON.stringify({ pid: process.pid, address: `${door.url}/`, door }));
    expect((await attune(env, 'serve', '--stop')).said).toContain('does not answer; end its process');
  });

  it('prints one object with --json', async () => {
    const served = await serve('json', [ATTUNE, 'serve', '--json']);
    const { code, out } = await served.stop();
    const port = Number(new URL(served.url).port);
    expect([code, JSON.parse(out)]).toEqual([
      0,
      { ok: true, outputs: [], figures: { elapsedMs: expect.any(Number) }, port },
    ]);
  });

  it('opens the served editor where Electron is not, and says so', async () => {
    const served = await serve('start', [START, '--no-open'], { ATTUNE_ELECTRON: join(folder, 'nowhere') });
    const { code, err } = await served.stop();
    expect(code).toBe(0);
    expect(err).toContain('so the editor is served to your browser instead');
  });

  it('says in a sentence what a wrong option is', async () => {
    for (const [option, value, sentence] of [
      ['--host-name', 'http://x/', '--host-name takes a name'],
      ['--base-path', 'x y', 'is no path to serve below'],
      ['--host', '203.0.113.7', 'no address of this computer'],
    ] as const)
      await expect(serve('wrong', [ATTUNE, 'serve', option, value])).rejects.toThrow(sentence);
  });
});

describe('the built editor', () => {
  it('says that it cannot be built where one may not write', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(mayBuild(join(file, 'dist'), 'editor')).rejects.toThrow(/has to be built first, .*npm start/);
    await expect(mayBuild(join(folder, 'dist'), 'editor')).resolves.toBeUndefined();
  });

  it('is built anew when a source is newer, and has no inline script', async () => {
    const index = join(await builtEditor(), 'index.html');
    await utimes(index, new Date(0), new Date(0));
    const said: string[] = [];
    await builtEditor((line) => said.push(line));
    expect(said).toHaveLength(1);
    await builtEditor((line) => said.push(line));
    expect(said).toHaveLength(1);
    for (const [tag] of (await readFile(index, 'utf8')).matchAll(/<script[^>]*>/g))
      expect(tag).toContain(' src="./assets/');
  });
});

describe.skipIf(noChromium)('a real browser', () => {
  let browser: Browser;
  let served: Served;
  beforeAll(async () => {
    served = await serve('browser', [ATTUNE, 'serve']);
    browser = await launchChromium(['--host-resolver-rules=MAP rebound.test 127.0.0.1, MAP evil.test 127.0.0.1']);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.stop();
  });

  it('shows the editor without breaking its policy, and keeps no token in the address', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    // All of them: even a friendly line of React's would tell that this is not the build for users.
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(await served.address());
    expect(page.url()).toBe(new URL('/', served.url).href);
    expect(await page.title()).toContain('Attune');
    const opened = await page.evaluate(
      `new Promise((done) => { const s = new WebSocket('ws://' + location.host + '/engine'); s.onopen = () => done(true); s.onerror = () => done(false); })`,
    );
    expect([opened, complaints]).toEqual([true, []]);
    expect(await page.evaluate('document.cookie')).toBe('');
    await page.close();
  });

  it('lets the page run and load nothing from elsewhere', async () => {
    const page = await browser.newPage();
    await page.goto(await served.address());
    const blocked = await page.evaluate(`(async () => {
      const seen = [];
      document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
      const add = (name, properties) => document.body.append(Object.assign(document.createElement(name), properties));
      add('script', { textContent: 'window.ran = true' });
      add('script', { src: 'http://evil.test/x.js' });
      add('img', { src: 'http://evil.test/x.png' });
      add('iframe', { src: 'http://evil.test/' });
      add('object', { data: 'http://evil.test/' });
      await fetch('http://evil.test/').catch(() => {});
      try { new WebSocket('ws://evil.test/'); } catch {}
      setTimeout('window.ran = true'); // a debugger may use eval where the page may not
      const form = Object.assign(document.createElement('form'), { action: 'http://evil.test/', method: 'post' });
      document.body.append(form);
      form.submit();
      const all = () => new Set(seen).size >= 7;
      for (let tries = 0; tries < 100 && !all(); tries++) await new Promise((done) => setTimeout(done, 50));
      return { ran: window.ran === true, seen: [...new Set(seen)].sort() };
    })()`);
    expect(blocked).toEqual({
      ran: false,
      seen: ['connect-src', 'form-action', 'frame-src', 'img-src', 'object-src', 'script-src', 'script-src-elem'],
    });
    await page.close();
  });

  it('gives pages of other origins nothing, whatever name they go by', async () => {
    const { port } = new URL(served.url);
    const context = await browser.newContext();
    // The user has the editor open in the same browser: the cookie is there to be abused.
    await (await context.newPage()).goto(await served.address());
    const evil = createServer((_request, response) => response.end('<!doctype html><body>evil'));
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    const address = evil.address();
    const evilPort = typeof address === 'object' && address !== null ? address.port : 0;
    for (const [from, to] of [
      [`http://evil.test:${evilPort}/`, `127.0.0.1:${port}`],
      [`http://localhost:${evilPort}/`, `127.0.0.1:${port}`],
      [`http://127.0.0.1:${evilPort}/`, `127.0.0.1:${port}`], // the same site: only ports tell them apart
      [`http://rebound.test:${evilPort}/`, `rebound.test:${port}`],
    ] as const) {
      const page = await context.newPage();
      await page.goto(from);
      const got = await page.evaluate(`(async () => {
        const at = 'http://${to}/';
        const socket = await new Promise((done) => {
          const opened = new WebSocket('ws://${to}/engine');
          opened.onopen = () => done('opened');
          opened.onerror = () => done('refused');
        });
        const read = await fetch(at, { credentials: 'include' }).then((answer) => answer.text(), () => 'refused');
        const opaque = await fetch(at, { mode: 'no-cors', credentials: 'include' }).then((answer) => answer.type, () => 'refused');
        const put = await fetch(at, { method: 'PUT', credentials: 'include' }).then(() => 'answered', () => 'refused');
        const picture = await new Promise((done) => {
          const image = new Image();
          image.onload = () => done('loaded');
          image.onerror = () => done('refused');
          image.src = at + 'assets/icon.svg';
        });
        const frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { src: at }));
        await new Promise((done) => { frame.onload = done; setTimeout(done, 1000); });
        let framed = 'refused';
        try { if (frame.contentDocument?.title) framed = 'read'; } catch {}
        return { socket, read, opaque, put, picture, framed };
      })()`);
      expect([from, got]).toEqual([
        from,
        {
          socket: 'refused',
          read: 'refused',
          opaque: 'refused',
          put: 'refused',
          picture: 'refused',
          framed: 'refused',
        },
      ]);
      await page.close();
    }
    await context.close();
    await new Promise((resolve) => evil.close(resolve));
  });

  it('that navigates to the rebound name finds one sentence', async () => {
    const page = await browser.newPage();
    const { port, search } = new URL(await served.address());
    const answer = await page.goto(`http://rebound.test:${port}/${search}`);
    expect(answer?.status()).toBe(421);
    await page.close();
  });
});

it('tests in a browser are skipped only outside of CI, with a reason', () => {
  expect(skipReason(undefined, undefined)).toContain('ATTUNE_CHROMIUM');
  expect(skipReason(undefined, '1')).toBeUndefined();
  expect(skipReason('/usr/bin/chromium', undefined)).toBeUndefined();
});
