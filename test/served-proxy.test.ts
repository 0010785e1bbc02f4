import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { connect } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { builtEditor } from '../cli/editor.ts';
import { type OpenServer, openServer } from '../service/http/index.ts';
import { openTestDesk, type TestDesk } from '../service/testdesk.ts';
import { launchChromium, noChromium } from './chromium.ts';

/** The served editor in a real browser behind proxies as people set them up, well and badly. */
interface Habits {
  /** Path below which it shows the server. */
  readonly prefix: string;
  /** Whether it takes the path off again. */
  readonly strips: boolean;
  readonly passesHost: boolean;
  readonly passesUpgrade: boolean;
}

const open: (() => Promise<unknown>)[] = [];
let desk: TestDesk;
let browser: Browser;
let editor: string;
beforeAll(async () => {
  editor = await builtEditor();
  desk = await openTestDesk();
  if (noChromium === undefined) browser = await launchChromium();
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
afterAll(async () => {
  await browser?.close();
  await desk.remove();
});

/** A proxy before `to`, whose port is known once there is one. */
async function proxy(habits: Habits, to: () => number): Promise<number> {
  const { prefix, strips, passesHost, passesUpgrade } = habits;
  const pathOf = ({ url = '' }: IncomingMessage) => (strips ? url.slice(prefix.length) : url);
  const headersOf = ({ headers: { connection: _, upgrade: __, ...headers } }: IncomingMessage) => ({
    ...headers,
    ...(!passesHost && { host: `127.0.0.1:${to()}` }),
  });
  const server: Server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(prefix)) return outgoing.writeHead(404).end('of the proxy');
    const options = { host: '127.0.0.1', port: to(), path: pathOf(incoming), headers: headersOf(incoming) };
    const asked = request(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    asked.on('error', () => outgoing.writeHead(502).end());
    asked.end();
    return outgoing;
  });
  if (passesUpgrade)
    server.on('upgrade', (incoming, socket, head) => {
      const on = connect(to(), '127.0.0.1');
      const headers = { ...headersOf(incoming), connection: 'Upgrade', upgrade: 'websocket' };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      on.write([`GET ${pathOf(incoming)} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
      on.write(head);
      for (const [from, into] of [
        [on, socket],
        [socket, on],
      ] as const)
        from.on('error', () => into.destroy()).pipe(into);
    });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The editor behind a proxy, in a page; `asked` are the paths that the page asked the proxy for. */
async function behind(habits: Partial<Habits>, base?: string) {
  let server: OpenServer | undefined;
  const all = { prefix: '', strips: false, passesHost: true, passesUpgrade: true, ...habits };
  const port = await proxy(all, () => server?.port ?? 0);
  const name = `localhost:${port}`;
  server = await openServer({ service: desk.service, editor, port: 0, names: [name], ...(base && { base }) });
  const opened = server;
  open.push(() => opened.close());
  const page = await browser.newPage();
  open.push(() => page.close());
  const asked: string[] = [];
  page.on('request', (sent) => asked.push(new URL(sent.url()).pathname));
  page.on('websocket', (socket) => asked.push(new URL(socket.url()).pathname));
  const { pathname, search } = new URL(server.newAddress('printed'));
  return { server, page, asked, address: `http://${name}${base === undefined ? all.prefix : ''}${pathname}${search}` };
}

const ready = (page: Page) => page.getByRole('status').filter({ hasText: 'Ready' }).waitFor();

describe.skipIf(noChromium !== undefined)('behind a proxy', () => {
  it('that shows it below a path, everything keeps the path, whether the proxy leaves it in or takes it off', async () => {
    for (const [habits, base] of [
      [{ prefix: '/tools/attune' }, '/tools/attune'],
      [{ prefix: '/tools/attune', strips: true }, undefined],
      [{ prefix: '/tools/attune', strips: true }, '/tools/attune'],
    ] as const) {
      const { page, asked, address } = await behind(habits, base);
      await page.goto(address);
      await ready(page);
      expect(new URL(page.url()).pathname).toBe('/tools/attune/');
      await page.reload();
      await ready(page);
      expect(asked).toContain('/tools/attune/engine');
      expect(asked.filter((path) => !path.startsWith('/tools/attune/'))).toEqual([]);
    }
  });

  it('that passes on no WebSocket or no Host, a sentence says so', async () => {
    const noUpgrade = await behind({ passesUpgrade: false });
    await noUpgrade.page.goto(noUpgrade.address);
    await noUpgrade.page.getByRole('alert').filter({ hasText: 'pass on the headers Host, Upgrade' }).waitFor();
    const noHost = await behind({ passesHost: false });
    await noHost.page.goto(noHost.address);
    await noHost.page.getByText('pass on the headers Host, Upgrade').waitFor();
  });
});

describe.skipIf(noChromium !== undefined)('a page', () => {
  it('is there after a reload, and its first address is worth nothing elsewhere', async () => {
    const { page, address } = await behind({});
    await page.goto(address);
    await ready(page);
    expect(page.url()).not.toContain('ticket');
    await page.reload();
    await ready(page);
    await page.goto(address);
    await ready(page);
    const other = await browser.newContext();
    const stranger = await other.newPage();
    const answer = await stranger.goto(address);
    expect([answer?.status(), await stranger.textContent('body')]).toEqual([401, expect.stringContaining('--address')]);
    await other.close();
  });

  it('of an Attune that was started again says how to be let in', async () => {
    const { server, page, address } = await behind({});
    await page.goto(address);
    await ready(page);
    await server.close();
    const next = await openServer({ service: desk.service, editor, port: server.port, names: [new URL(address).host] });
    open.push(() => next.close());
    await page.getByRole('alert').filter({ hasText: 'does not know this browser yet' }).waitFor();
    await page.goto(address.replace(/\?.*/, new URL(next.newAddress('printed')).search));
    await ready(page);
  });
});
