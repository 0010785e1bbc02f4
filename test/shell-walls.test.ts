import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChildProcess } from '../electron/api.ts';
import { editorFiles } from '../electron/editor-files.ts';
import { ORIGIN } from '../electron/guards.ts';
import type { ShellPlaces } from '../electron/shell.ts';
import { launchChromium, noChromium } from './chromium.ts';
import type { Double } from './electron/double.ts';
import { PLACE } from './electron/page.ts';
import { placesHere, startInChromium, startOnDouble } from './electron/shell.ts';

/** Attacks on the walls of the shell: addresses, messages, and what a page that was taken over might try. */
let places: ShellPlaces;
let home: string;
beforeAll(async () => {
  places = await placesHere();
  home = await mkdtemp(join(tmpdir(), 'attune-walls-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const still = (): ChildProcess =>
  ({ on: () => {}, once: () => {}, kill: () => true, postMessage: () => {} }) as unknown as ChildProcess;

describe('an address', () => {
  it('never leads out of the list of files, and is always answered', async () => {
    const folder = join(home, 'editor');
    await writeFile(join(home, 'secret.html'), 'SECRET');
    await mkdir(join(folder, 'assets'), { recursive: true });
    await writeFile(join(folder, 'index.html'), 'PAGE');
    await writeFile(join(folder, 'assets', 'a.js'), 'CODE');
    await writeFile(join(folder, 'assets', 'a.js.map'), 'SECRET');
    await writeFile(join(folder, '.env'), 'SECRET');
    await symlink(join(home, 'secret.html'), join(folder, 'link.html'));
    await symlink(home, join(folder, 'up'));
    const answer = await editorFiles(folder);
    const up = ['..', '%2e%2e', '.%2e', '%2e.', '%252e%252e', '..;', '..%00', '%c0%ae%c0%ae', '．．', 'up'];
    const slash = ['/', '//', '\\', '%2f', '%5c', '%252f', '/./', '%c0%af'];
    const goal = ['secret.html', 'secret.html%00.js', 'secret.html?a.js', 'secret.html#/a.js'];
    const attacks = up.flatMap((dots) =>
      slash.flatMap((line) =>
        goal.map((name) => `/${dots}${line}${name}`).concat(`/assets/${dots}${line}${dots}${line}secret.html`),
      ),
    );
    const others = [
      '/link.html',
      '/assets/a.js.map',
      '/.env',
      '/assets',
      '/assets/',
      '/up/',
      '/INDEX.HTML',
      '/constructor',
      '/__proto__',
    ];
    expect(attacks.length).toBeGreaterThanOrEqual(200);
    for (const path of [...attacks, ...others]) {
      const response = answer({ url: `${ORIGIN}${path}` });
      expect([path, response.status, await response.text()]).toEqual([path, 404, 'There is nothing here.']);
    }
    expect(await answer({ url: `${ORIGIN}/assets/a.js?v=1` }).text()).toBe('CODE');
  });

  it('that is made up is answered with nothing, never with an error', async () => {
    const answer = await editorFiles(places.editor);
    fc.assert(
      fc.property(fc.oneof(fc.webPath(), fc.string(), fc.string({ unit: 'binary' })), (path) => {
        for (const url of [`${ORIGIN}/${path}`, `app://attune${path}`, path]) {
          const { status } = answer({ url });
          expect([200, 404]).toContain(status);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a message', () => {
  let double: Double;
  beforeAll(async () => {
    double = await startOnDouble({ fork: still, appData: home }, places);
  });

  it('with anything in it proposes a bare name or nothing', async () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('..', '.', '', 'C:\\a', '../../.ssh/x', 'a\0b', 'a:b'),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (given) => {
        expect(await double.invoke('attune:chooseSave', given)).toBeNull();
        const name = double.proposed.at(-1) ?? '';
        expect(name).not.toMatch(/[/\\:\p{Cc}]|^\.*$/u);
        expect(name.length).toBeLessThanOrEqual(255);
      }),
      { numRuns: 5000 },
    );
    await double.invoke('attune:chooseSave', 'x'.repeat(10 * 1024 * 1024));
    expect(double.proposed.at(-1)).toHaveLength(255);
  });

  it('from anywhere but the main frame of the window is refused on every channel', async () => {
    const { mainFrame } = double.windows[0]?.window.webContents ?? expect.fail();
    const strangers = fc.oneof(
      fc.record({ id: fc.integer({ min: 2 }) }),
      fc.constant({ frame: null }),
      fc.record({ frame: fc.record({ origin: fc.oneof(fc.constant(ORIGIN), fc.webUrl(), fc.string()) }) }),
    );
    const posted = () => double.windows[0]?.posted.length;
    const dialogs = double.dialogs.length;
    const before = posted();
    await fc.assert(
      fc.asyncProperty(strangers, fc.anything(), async (from, given) => {
        double.send('attune:connect', from);
        double.send('attune:openWith', from);
        for (const channel of ['attune:chooseFolder', 'attune:chooseSave'])
          await expect(double.invoke(channel, given, from)).rejects.toThrow('refused');
      }),
      { numRuns: 2500 },
    );
    // A page that is not ours in our own frame.
    for (const origin of ['null', 'https://example.org', `${ORIGIN}.example.org`, 'app://other']) {
      const own = mainFrame as { origin: string };
      const { origin: kept } = own;
      own.origin = origin;
      await expect(double.invoke('attune:chooseFolder')).rejects.toThrow('refused');
      double.send('attune:connect');
      own.origin = kept;
    }
    expect([posted(), double.dialogs.length]).toEqual([before, dialogs]);
    double.send('attune:connect');
    expect(posted()).toBe((before ?? 0) + 1);
  });
});

describe.skipIf(noChromium !== undefined)('a page that was taken over', () => {
  let page: Page;
  let double: Double;
  let close = () => Promise.resolve();
  const asked: string[] = [];
  beforeAll(async () => {
    const browser = await launchChromium();
    close = () => browser.close();
    page = await browser.newPage();
    page.on('request', (request) => asked.push(request.url()));
    double = await startInChromium(page, still, places, { appData: home });
    await page.locator('#root > *').first().waitFor();
    await page.waitForLoadState('networkidle');
  });
  afterAll(() => close());

  it('finds four things of the shell in its world, and none of Node', async () => {
    const found = `Object.keys(window.attuneShell).sort().join() + ' ' + typeof process + typeof require + typeof module`;
    expect(await page.evaluate(found)).toBe('chooseFolder,chooseSave,connect,openWith undefinedundefinedundefined');
  });

  /** Each tells whether it came through; a violation of the policy, or an error, is what is wanted. */
  const attempts: Readonly<Record<string, string>> = {
    'an inline script': `const s = document.createElement('script'); s.textContent = 'window.came = true'; document.body.append(s); return window.came === true;`,
    'an inline handler': `const i = document.createElement('img'); i.setAttribute('onerror', 'window.cameToo = true'); i.src = 'data:,'; document.body.append(i); await wait(200); return window.cameToo === true;`,
    eval: `try { return (0, eval)('1') === 1; } catch { return false; }`,
    'a function from text': `try { return new Function('return 1')() === 1; } catch { return false; }`,
    'a script from elsewhere': `return loads('script', 'src', ELSEWHERE + 'a.js');`,
    'a script from a blob': `return loads('script', 'src', URL.createObjectURL(new Blob(['window.x = 1'])));`,
    'a picture from elsewhere': `return loads('img', 'src', ELSEWHERE + 'a.png');`,
    'a style from elsewhere': `const l = document.createElement('link'); l.rel = 'stylesheet'; return loads(l, 'href', ELSEWHERE + 'a.css');`,
    'a frame': `const f = document.createElement('iframe'); f.src = ELSEWHERE; document.body.append(f); return !(await isRefused('frame-src'));`,
    'a script in a frame of its own text': `const f = document.createElement('iframe'); f.srcdoc = '<script>parent.cameThree = true</script>'; document.body.append(f); await wait(200); return window.cameThree === true;`,
    'a form': `const f = document.createElement('form'); f.action = ELSEWHERE; f.method = 'post'; document.body.append(f); f.submit(); return !(await isRefused('form-action'));`,
    'a request': `return fetch(ELSEWHERE).then(() => true, () => false);`,
    'a request home': `return fetch('/index.html').then(() => true, () => false);`,
    'a WebSocket': `try { const s = new WebSocket(ELSEWHERE.replace('http', 'ws')); return await new Promise((done) => { s.onopen = () => done(true); s.onerror = () => done(false); }); } catch { return false; }`,
    'a beacon': `navigator.sendBeacon(ELSEWHERE, 'x'); return !(await isRefused('connect-src'));`,
    'a worker': `try { const w = new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))); return await new Promise((done) => { w.onmessage = () => done(true); w.onerror = () => done(false); setTimeout(() => done(false), 500); }); } catch { return false; }`,
    'a base': `const b = document.createElement('base'); b.href = ELSEWHERE; document.head.append(b); return document.baseURI.startsWith(ELSEWHERE);`,
  };

  it.each(Object.entries(attempts))('does not get by with %s', async (_name, code) => {
    const before = asked.length;
    const came = await page.evaluate(`(async () => {
      const ELSEWHERE = 'http://elsewhere.localhost:9/';
      const wait = (ms) => new Promise((done) => setTimeout(done, ms));
      const loads = (what, attribute, url) => new Promise((done) => {
        const element = typeof what === 'string' ? document.createElement(what) : what;
        element.onload = () => done(true);
        element.onerror = () => done(false);
        element[attribute] = url;
        document.head.append(element);
      });
      const refused = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => refused.push(effectiveDirective));
      const isRefused = async (directive) => {
        for (let round = 0; round < 20 && !refused.includes(directive); round += 1) await wait(50);
        return refused.includes(directive);
      };
      // What Playwright evaluates may evaluate, up to its first pause.
      await wait(0);
      ${code}
    })()`);
    expect(came).toBe(false);
    // The policy stops them before they are asked for; Playwright tells of some that it stopped, all of them failed.
    expect(asked.slice(before).filter((url) => url.startsWith(PLACE))).toEqual([]);
    expect(page.url()).toBe(`${PLACE}/`);
    expect(double.errors).toEqual([]);
  });
});
