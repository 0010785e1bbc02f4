import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { DeskEvent } from '../contract/index.ts';
import { type OpenServer, openServer, order } from '../service/http/index.ts';
import { openTestDesk, type TestDesk } from '../service/testdesk.ts';
import { CallError, encodeFrame } from '../transport/index.ts';
import { clientOver, closeCode, dial, hugePng, sendRaw, statusOf } from './serve-client.ts';

/** A real server with the real service behind it, and everything that the world may throw at it. */
const TOKEN = 'k'.repeat(43);
let folder: string;
let desk: TestDesk;
let server: OpenServer;
let port: number;
let cookie: string;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-serve-'));
  await mkdir(join(folder, 'editor', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.html'), 'SECRET');
  await writeFile(
    join(folder, 'editor', 'index.html'),
    '<!doctype html><title>Attune</title><script src="./assets/app.js"></script>',
  );
  await writeFile(join(folder, 'editor', 'assets', 'app.js'), 'document.body.dataset.ran = "yes";');
  await writeFile(join(folder, 'editor', 'assets', 'app.js.map'), 'SECRET');
  await symlink(join(folder, 'secret.html'), join(folder, 'editor', 'link.html'));
  desk = await openTestDesk();
  server = await openServer({ service: desk.service, editor: join(folder, 'editor'), port: 0, token: TOKEN });
  port = server.port;
  cookie = `attune-${port}=${TOKEN}`;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  // After whatever a test did, the server serves.
  const client = await connected();
  await expect(client.call('hello', {})).resolves.toHaveProperty('version', '0.0.0');
});
afterAll(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
  await desk.close();
  await desk.remove();
  await rm(folder, { recursive: true, force: true });
});

const pageHeaders = () => ({ Cookie: cookie, Origin: `http://127.0.0.1:${port}` });
/** What stands behind the path of an address that lets one browser in. */
const search = (from: OpenServer, use: 'printed' | 'argument' = 'printed') => new URL(from.newAddress(use)).search;
const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: 'manual' });

async function opened(headers: Readonly<Record<string, string>> = pageHeaders()): Promise<WebSocket> {
  const socket = await dial(port, headers);
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
  sockets.push(socket);
  return socket;
}

const connected = async () => clientOver(await opened());

async function sentenceOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CallError)) throw new Error(`answered, or failed strangely: ${String(error)}`);
  return error.message;
}

describe('the token', () => {
  it('is needed for everything', async () => {
    for (const path of [
      '/',
      '/index.html',
      '/assets/app.js',
      '/nope',
      '/engine',
      `/?token=${TOKEN}`,
      `/x?ticket=${TOKEN}`,
      `/x${search(server)}`,
    ]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(await answer.text()).toContain('This browser has not been let in');
    }
    for (const path of ['/?ticket=', '/?ticket=x', `/?ticket=${TOKEN}`]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(await answer.text()).toContain('used already or is too old');
    }
    for (const wrong of ['x', TOKEN.slice(1), `${TOKEN}k`, ''])
      for (const headers of [
        { Cookie: `attune-${port}=${wrong}` },
        { Authorization: `Bearer ${wrong}` },
        { Authorization: `Basic ${TOKEN}` },
      ])
        expect((await get('/', headers as Record<string, string>)).status).toBe(401);
    expect((await get('/', { Cookie: `attune=${TOKEN}` })).status).toBe(401);
  });

  it('comes as a cookie that scripts and other sites cannot have, for a ticket in the address', async () => {
    const answer = await get(`/${search(server)}`);
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('./');
    const parts = (answer.headers.get('set-cookie') ?? '').split('; ');
    expect(parts).toEqual([cookie, 'HttpOnly', 'SameSite=Strict']);
    expect((await get('/', { Cookie: `other=1; ${cookie}` })).status).toBe(200);
    expect((await get('/', { Authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  });

  it('comes for a ticket once; afterwards the address leads on only who has the cookie', async () => {
    for (const use of ['printed', 'argument'] as const) {
      const ticket = search(server, use);
      expect(ticket).not.toContain(TOKEN);
      expect((await get(`/${ticket}`)).status).toBe(303);
      expect((await get(`/${ticket}`)).status).toBe(401);
      const again = await get(`/${ticket}`, { Cookie: cookie });
      expect([again.status, again.headers.get('location'), again.headers.get('set-cookie')]).toEqual([303, './', null]);
    }
  });

  it('is a fresh one of 256 bits each time, as tickets are', async () => {
    const others = await Promise.all(
      [0, 1].map(() => openServer({ service: desk.service, editor: join(folder, 'editor'), port: 0 })),
    );
    const secrets: string[] = [];
    for (const other of others) {
      const tickets = [search(other), search(other)];
      const entry = await fetch(new URL(`/${tickets[0]}`, other.page), { redirect: 'manual' });
      secrets.push(/=([\w-]+);/.exec(entry.headers.get('set-cookie') ?? '')?.[1] ?? '');
      secrets.push(other.door.secret, ...tickets.map((ticket) => ticket.slice('?ticket='.length)));
    }
    await Promise.all(others.map((other) => other.close()));
    expect(new Set(secrets).size).toBe(8);
    for (const secret of secrets) expect(Buffer.from(secret, 'base64url').length).toBe(32);
  });

  it('has no more than 64 tickets open, of which the oldest end first', async () => {
    const [oldest, next] = [search(server), search(server)];
    for (let count = 1; count < 64; count++) search(server);
    expect((await get(`/${oldest}`)).status).toBe(401);
    expect((await get(`/${next}`)).status).toBe(303);
  });
});

describe('orders', () => {
  const post = (path: string, headers: Readonly<Record<string, string>>) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers });

  it('are taken from whoever knows the secret, and from no page, cookie or ticket', async () => {
    const { secret } = server.door;
    for (const path of ['/address', '/stop']) {
      expect((await post(path, {})).status).toBe(401);
      expect((await post(path, { Cookie: cookie })).status).toBe(401);
      expect((await post(path, { Cookie: `attune-${port}=${secret}` })).status).toBe(401);
      expect((await post(path, { Authorization: `Bearer ${TOKEN}` })).status).toBe(401);
      expect((await post(`${path}${search(server)}`, {})).status).toBe(401);
      const stranger = { Authorization: `Bearer ${secret}`, Origin: 'http://evil.example' };
      expect((await post(path, stranger)).status).toBe(403);
      expect((await get(path, { Authorization: `Bearer ${secret}` })).status).toBe(405);
      const host = ['Host: evil.example', `Authorization: Bearer ${secret}`, 'Content-Length: 0'];
      expect(await statusOf(port, path, host, 'POST')).toBe(421);
    }
    expect((await get('/', { Authorization: `Bearer ${secret}` })).status).toBe(401);
    expect(await dial(port, { Authorization: `Bearer ${secret}` })).toBe(401);
  });

  it('give a new address, and the end', async () => {
    const { address } = await order(server.door, '/address');
    expect((await get(`/${new URL(address).search}`)).status).toBe(303);
    let isStopped = false;
    const own = await openServer({
      service: desk.service,
      editor: join(folder, 'editor'),
      port: 0,
      onStop: () => {
        isStopped = true;
      },
    });
    await order(own.door, '/stop');
    await expect.poll(() => isStopped).toBe(true);
    await expect(order({ ...own.door, secret: 'x' }, '/stop')).rejects.toThrow(/refused .*end its process/);
    await own.close();
    await expect(order(own.door, '/stop')).rejects.toThrow(/does not answer; end its process/);
  });
});

describe('the Host header', () => {
  it('must be one of three spellings', async () => {
    const known = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
    const strange = [
      ['evil.example', '127.0.0.1', 'localhost', '[::1]', '::1', `127.0.0.1:${port + 1}`, 'localhost:80', '127.0.0.1:'],
      [`localhost.evil.example:${port}`, `evil.localhost:${port}`, `127.0.0.1.nip.io:${port}`, `127.0.0.1.:${port}`],
      [`localhost.:${port}`, `LOCALHOST:${port}`, `user@127.0.0.1:${port}`, `127.1:${port}`, `2130706433:${port}`],
      [
        `0x7f.0.0.1:${port}`,
        `0177.0.0.1:${port}`,
        `127.0.0.1:0${port}`,
        `0.0.0.0:${port}`,
        `[::ffff:127.0.0.1]:${port}`,
      ],
      [
        `[0:0:0:0:0:0:0:1]:${port}`,
        `127.0.0.1:${port}, evil`,
        `127.0.0.1:${port}/`,
        `xn--localhost:${port}`,
        'null',
        '',
      ],
      [`127.0.0.2:${port}`, `localhost:${port}:${port}`, `127.0.0.1\t:${port}`, `127.0.0.1%00:${port}`, '__proto__'],
    ].flat();
    for (const host of known)
      expect([host, await statusOf(port, '/', [`Host: ${host}`, `Cookie: ${cookie}`])]).toEqual([host, 200]);
    for (const host of strange) {
      const status = await statusOf(port, '/', [`Host: ${host}`, `Cookie: ${cookie}`]);
      expect([host, [400, 421].includes(status)]).toEqual([host, true]);
      const entry = await statusOf(port, `/${search(server)}`, [`Host: ${host}`]);
      expect([host, [400, 421].includes(entry)]).toEqual([host, true]);
    }
    const own = `Host: 127.0.0.1:${port}`;
    for (const hosts of [[], [own, 'Host: evil.example'], ['Host: evil.example', own], [own, own]])
      expect([400, 421]).toContain(await statusOf(port, '/', [...hosts, `Cookie: ${cookie}`]));
    expect(await dial(port, { ...pageHeaders(), Host: 'evil.example', Origin: 'http://evil.example' })).toBe(421);
  });

  it('may be a name that the user gave, also behind a proxy with TLS', async () => {
    const named = await openServer({
      service: desk.service,
      editor: join(folder, 'editor'),
      port: 0,
      token: TOKEN,
      names: ['gpu.example.org'],
    });
    const mine = `Cookie: attune-${named.port}=${TOKEN}`;
    for (const host of ['gpu.example.org', `gpu.example.org:${named.port}`]) {
      expect(await statusOf(named.port, '/', [`Host: ${host}`, mine])).toBe(200);
      const socket = await dial(named.port, { Host: host, Cookie: mine.slice(8), Origin: `https://${host}` });
      expect(socket).toBeInstanceOf(WebSocket);
    }
    expect(await statusOf(named.port, '/', ['Host: other.example.org', mine])).toBe(421);
    expect(named.page).toBe(`http://gpu.example.org:${named.port}/`);
    await named.close();
  });
});

describe('behind a proxy', () => {
  const behind = (change: Partial<Parameters<typeof openServer>[0]>) =>
    openServer({ service: desk.service, editor: join(folder, 'editor'), port: 0, token: TOKEN, ...change });
  /** Status, Location and Set-Cookie of a raw GET. */
  const ask = async (at: OpenServer, path: string, headers: readonly string[]) => {
    const answer = await sendRaw(
      at.port,
      [`GET ${path} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'),
    );
    const header = (name: string) => new RegExp(`^${name}: (.*)\r$`, 'im').exec(answer)?.[1];
    return { status: Number(answer.slice(9, 12)), location: header('location'), cookie: header('set-cookie') };
  };

  it('the cookie is secure where the page came over TLS, and nowhere else', async () => {
    const any = await behind({ names: ['gpu.example.org', 'localhost:9000'] });
    const cookieFor = async (at: OpenServer, ...headers: string[]) =>
      (await ask(at, `/${search(at)}`, headers)).cookie?.includes('; Secure');
    const site = 'Sec-Fetch-Site: none';
    expect(await cookieFor(any, 'Host: gpu.example.org', site)).toBe(true);
    expect(await cookieFor(any, 'Host: gpu.example.org')).toBe(false);
    // Who adds these is not known.
    expect(await cookieFor(any, 'Host: gpu.example.org', 'X-Forwarded-Proto: https', 'Forwarded: proto=https')).toBe(
      false,
    );
    for (const host of ['localhost:9000', `127.0.0.1:${any.port}`, `localhost:${any.port}`, `[::1]:${any.port}`])
      expect(await cookieFor(any, `Host: ${host}`, site)).toBe(false);
    await any.close();
    const secure = await behind({ names: ['https://gpu.example.org'] });
    expect(secure.page).toBe('https://gpu.example.org/');
    expect(await cookieFor(secure, 'Host: gpu.example.org')).toBe(true);
    expect(await cookieFor(secure, `Host: 127.0.0.1:${secure.port}`, site)).toBe(false);
    const socketOf = (scheme: string) =>
      dial(secure.port, {
        Host: 'gpu.example.org',
        Cookie: `attune-${secure.port}=${TOKEN}`,
        Origin: `${scheme}://gpu.example.org`,
      });
    expect(await socketOf('http')).toBe(403);
    expect(await socketOf('https')).toBeInstanceOf(WebSocket);
    await secure.close();
  });

  it('below a path everything is there with and without it', async () => {
    const at = await behind({ base: '/tools/attune/' });
    const own = [`Host: 127.0.0.1:${at.port}`, `Cookie: attune-${at.port}=${TOKEN}`];
    expect(at.page).toBe(`http://127.0.0.1:${at.port}/tools/attune/`);
    for (const prefix of ['', '/tools/attune']) {
      for (const path of ['/', '/index.html', '/assets/app.js'])
        expect([prefix, path, (await ask(at, `${prefix}${path}`, own)).status]).toEqual([prefix, path, 200]);
      const headers = { Cookie: `attune-${at.port}=${TOKEN}`, Origin: `http://127.0.0.1:${at.port}` };
      expect(await dial(at.port, headers, `${prefix}/engine`)).toBeInstanceOf(WebSocket);
      const entry = await ask(at, `${prefix}/${search(at)}`, own.slice(0, 1));
      expect([entry.status, entry.location]).toEqual([303, './']);
      expect(entry.cookie).not.toContain('Path');
      expect((await ask(at, `${prefix}/`, own.slice(0, 1))).status).toBe(401);
    }
    for (const path of ['/tools/', '/tools/attunex/', '/tools/attune/../secret.html', '/tools/attune/tools/attune/'])
      expect([path, (await ask(at, path, own)).status]).toEqual([path, 404]);
    const bare = await ask(at, '/tools/attune?ticket=x', own);
    expect([bare.status, bare.location]).toEqual([308, 'attune/?ticket=x']);
    await at.close();
    for (const base of ['attune', '/a b', '//x', '/%2e', '/a//b', '/<x>'])
      await expect(behind({ base })).rejects.toThrow(/is no path to serve below/);
  });

  it('that does not pass on WebSockets, the page can ask why', async () => {
    const answer = await get('/engine', { Cookie: cookie });
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(await answer.text()).toContain('Host, Upgrade and Connection');
  });
});

describe('other web pages', () => {
  it('are refused whatever they ask for', async () => {
    const foreign = [
      'http://evil.example',
      'null',
      `https://127.0.0.1:${port}`,
      'http://127.0.0.1',
      `http://localhost:${port}`,
      `http://127.0.0.1:${port}/`,
    ];
    for (const Origin of foreign) {
      expect([Origin, (await get('/', { Cookie: cookie, Origin })).status]).toEqual([Origin, 403]);
      expect([Origin, await dial(port, { Cookie: cookie, Origin })]).toEqual([Origin, 403]);
      expect([Origin, await dial(port, { Authorization: `Bearer ${TOKEN}`, Origin })]).toEqual([Origin, 403]);
    }
    for (const site of ['cross-site', 'same-site', 'whatever']) {
      const headers = [`Host: 127.0.0.1:${port}`, `Cookie: ${cookie}`, `Sec-Fetch-Site: ${site}`];
      expect(await statusOf(port, '/', headers)).toBe(403);
      expect(await statusOf(port, `/${search(server)}`, headers)).toBe(403);
      expect(await dial(port, { ...pageHeaders(), 'Sec-Fetch-Site': site })).toBe(403);
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const status = await statusOf(
        port,
        '/',
        [`Host: 127.0.0.1:${port}`, `Cookie: ${cookie}`, 'Content-Length: 0'],
        method,
      );
      expect([method, status]).toEqual([method, 405]);
    }
  });

  it('find no CORS header, and every answer says how it may be used', async () => {
    const answers = await Promise.all([
      get('/', { Cookie: cookie }),
      get('/'),
      get('/nope', { Cookie: cookie }),
      get(`/${search(server)}`),
      get(`/?ticket=${TOKEN}`),
      fetch(`http://127.0.0.1:${port}/`, {
        method: 'OPTIONS',
        headers: { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'POST' },
      }),
    ]);
    for (const { headers } of answers) {
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self';");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('paths', () => {
  it('are only those of the editor', async () => {
    const index = await get('/', { Cookie: cookie });
    expect(index.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const script = await get('/assets/app.js?x=1', { Cookie: cookie });
    expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    const dots = ['..', '%2e%2e', '.%2e', '%252e%252e', '%c0%ae%c0%ae', '..%00', '....', '..;', '%uff0e%uff0e'];
    const slashes = ['/', '%2f', '\\', '%5c', '%252f', '%c0%af', '//'];
    const payloads = dots.flatMap((dot) =>
      slashes.flatMap((slash) => [
        `/${dot}${slash}secret.html`,
        `/assets${slash}${dot}${slash}${dot}${slash}secret.html`,
      ]),
    );
    const others = [
      '/link.html',
      '/assets/app.js.map',
      '/assets',
      '/assets/',
      '//index.html',
      '/./',
      '/C:/x',
      '/index.html%00',
      '/__proto__',
      '/constructor',
      `/${'a'.repeat(8000)}`,
    ];
    for (const path of [...payloads, ...others, `/${join(folder, 'secret.html')}`]) {
      const answer = await sendRaw(
        port,
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`,
      );
      expect([path, /^HTTP\/1\.1 (400|404) /.test(answer), answer.includes('SECRET')]).toEqual([path, true, false]);
    }
  });

  it('are no addresses of other servers', async () => {
    const headers = [`Host: 127.0.0.1:${port}`, `Cookie: ${cookie}`];
    for (const target of [
      'http://evil.example/',
      `http://127.0.0.1:${port}/`,
      'https://evil.example',
      '*',
      'index.html',
      'file:///etc/passwd',
    ])
      expect([target, await statusOf(port, target, headers)]).toEqual([target, 400]);
    expect(await statusOf(port, 'evil.example:443', headers, 'CONNECT')).toBe(0);
  });
});

describe('what is no request', () => {
  it('ends its own connection', async () => {
    const head = `Host: 127.0.0.1:${port}\r\n`;
    for (const text of [
      '\0\0\0\0\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `GET / HTTP/1.1\r\n${head}X: ${'x'.repeat(20_000)}\r\n\r\n`,
      `POST / HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `GET / HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`,
      `GET / HTTP/1.1\n${head}Bad Header: x\r\n\r\n`,
    ])
      expect(await sendRaw(port, text)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it('keeps nobody out who does not speak, or sends a body that nobody wants', async () => {
    const silent = Array.from(
      { length: 100 },
      () => new WebSocket(`ws://127.0.0.1:${port}/engine`, { headers: { Cookie: 'x' } }),
    );
    for (const socket of silent) socket.on('error', () => {});
    const body = sendRaw(
      port,
      `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 1073741824\r\n\r\n${'x'.repeat(1_000_000)}`,
    );
    expect((await get('/', { Cookie: cookie })).status).toBe(200);
    expect(await body).toMatch(/^HTTP\/1\.1 405 /);
  });
});

describe('connections', () => {
  /** Holds so many without a word, each opened again when it is ended. */
  function hold(count: number, at: OpenServer) {
    const held = new Set<Socket>();
    let isOver = false;
    const open = () => {
      const socket = connect(at.port, '127.0.0.1');
      held.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        held.delete(socket);
        if (!isOver) open();
      });
    };
    for (let index = 0; index < count; index++) open();
    return () => {
      isOver = true;
      for (const socket of held) socket.destroy();
    };
  }

  it('without a token keep out nobody who has one', async () => {
    const own = await openServer({ service: desk.service, editor: join(folder, 'editor'), port: 0, token: TOKEN });
    const release = hold(300, own);
    const headers = { Cookie: `attune-${own.port}=${TOKEN}` };
    for (let load = 0; load < 50; load++) {
      const page = await fetch(own.page, { headers: { ...headers, Connection: 'close' } });
      const script = await fetch(new URL('/assets/app.js', own.page), { headers });
      expect([load, page.status, script.status]).toEqual([load, 200, 200]);
    }
    const entry = await fetch(own.newAddress('printed'), { redirect: 'manual' });
    const socket = await dial(own.port, { Authorization: `Bearer ${TOKEN}` });
    expect([entry.status, socket instanceof WebSocket]).toEqual([303, true]);
    release();
    await own.close();
  });

  it('of open pages stay, however many others come', async () => {
    const own = await openServer({ service: desk.service, editor: join(folder, 'editor'), port: 0, token: TOKEN });
    const socket = await dial(own.port, { Authorization: `Bearer ${TOKEN}` });
    if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
    const headers = [`Host: 127.0.0.1:${own.port}`, `Cookie: attune-${own.port}=${TOKEN}`, '', ''];
    const kept = Array.from({ length: 300 }, () => connect(own.port, '127.0.0.1'));
    const answered = kept.map((connection) => {
      connection.on('error', () => {});
      connection.write(['GET / HTTP/1.1', ...headers].join('\r\n'));
      return new Promise((resolve) => connection.once('data', resolve).once('close', resolve));
    });
    await Promise.all(answered);
    await expect.poll(() => kept.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(44);
    await expect(clientOver(socket).call('hello', {})).resolves.toHaveProperty('version');
    for (const connection of kept) connection.destroy();
    await own.close();
  });
});

describe('the socket', () => {
  it('needs the token and the path', async () => {
    const Origin = `http://127.0.0.1:${port}`;
    expect(await dial(port, { Origin })).toBe(401);
    expect(await dial(port, { Origin, Cookie: `attune-${port}=x` })).toBe(401);
    expect(await dial(port, { Cookie: cookie })).toBe(403); // a cookie without a page is no browser
    expect(await dial(port, pageHeaders(), '/other')).toBe(404);
    expect(await dial(port, pageHeaders(), `/engine${search(server)}`)).toBe(404);
    await opened({ Authorization: `Bearer ${TOKEN}` });
  });

  it('is closed by what is no frame, with a code that says so', async () => {
    const text = (json: string) => {
      const bytes = new TextEncoder().encode(json);
      const frame = new Uint8Array(4 + bytes.length);
      new DataView(frame.buffer).setUint32(0, bytes.length, true);
      frame.set(bytes, 4);
      return frame;
    };
    const malformed = [
      new Uint8Array(0),
      Uint8Array.of(1, 2, 3),
      Uint8Array.of(255, 255, 255, 255, 1),
      text('{'),
      text('{"id":1,"bytes":{"$bytes":[0,1e9]}}'),
      text('{"$bytes":[-1,1]}'),
      text('['.repeat(1_000_000)),
      text(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`),
      text(`[${'[],'.repeat(250_000)}0]`),
      text(`[${'0,'.repeat(2_500_001)}0]`),
      text(`"${'x'.repeat(96 * 2 ** 20)}"`),
      // Bytes that are there once, and would be copied twice.
      Uint8Array.of(...text('[{"$bytes":[0,2]},{"$bytes":[1,2]}]'), 1, 2, 3),
    ];
    for (const frame of malformed) {
      const socket = await opened();
      const code = closeCode(socket);
      socket.send(frame);
      expect(await code).toBe(1007);
    }
    const texting = await opened();
    texting.send('{"id":1,"call":"hello","params":{}}');
    expect(await closeCode(texting)).toBe(1003);
  });

  it('is closed by a frame larger than the largest picture before it is read', async () => {
    const socket = await opened();
    const code = closeCode(socket);
    // A binary frame with a mask that declares 2^40 bytes.
    const wire = (socket as unknown as { readonly _socket: NodeJS.WritableStream })._socket;
    wire.write(Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
    expect(await code).toBe(1009);
    const broken = await opened();
    const ended = closeCode(broken);
    (broken as unknown as { readonly _socket: NodeJS.WritableStream })._socket.write(Buffer.from([0xff, 0xff, 0xff]));
    expect(await ended).toBe(1002);
  });

  it('ignores messages that are no calls', async () => {
    const socket = await opened();
    for (const message of [
      null,
      7,
      'x',
      [],
      {},
      { id: 'x' },
      { id: 1.5, call: 'hello' },
      { event: { kind: 'removed', id: 'job-00000001' } },
    ])
      socket.send(encodeFrame(message));
    await expect(clientOver(socket).call('hello', {})).resolves.toHaveProperty('version');
  });

  it('is one of sixteen at most', async () => {
    const own = await openServer({ service: desk.service, editor: join(folder, 'editor'), port: 0, token: TOKEN });
    const ask = () => dial(own.port, { Authorization: `Bearer ${TOKEN}` });
    const first = await ask();
    for (let count = 1; count < 16; count++) expect(await ask()).toBeInstanceOf(WebSocket);
    expect(await ask()).toBe(503);
    const freed = closeCode(first as WebSocket);
    (first as WebSocket).close();
    await freed;
    await expect.poll(ask).toBeInstanceOf(WebSocket);
    await own.close();
  });
});

describe('calls', () => {
  it('answer hello with the sample', async () => {
    const client = await connected();
    const { sample, methods, models, queue } = await client.call('hello', {});
    expect(sample.source.width).toBeGreaterThan(0);
    expect(methods.length).toBeGreaterThan(0);
    expect(models.map(({ ref }) => ref)).toContain('embedded/image');
    expect(queue.jobs).toEqual([]);
    const picture = await client.call('media.get', { sha256: sample.source.ref.sha256 });
    expect([picture.type, picture.bytes.length]).toEqual(['image/png', sample.source.bytes]);
  });

  it('that name places on the disk are refused', async () => {
    const client = await connected();
    const grant = 'grant-000001';
    desk.service.grant(grant, folder);
    const options = { format: 'png', withMetadata: true } as const;
    for (const call of [
      client.call('models.addFolder', { grant }),
      client.call('models.removeFolder', { ref: 'embedded/image' }),
      client.call('export.save', { id: 'job-00000001', options, grant }),
    ])
      expect(await sentenceOf(call)).toContain('only the desktop application and the command line');
  });

  it('refuse files that are no pictures, or too large ones, with a sentence', async () => {
    const client = await connected();
    const put = (bytes: Uint8Array) => sentenceOf(client.call('media.put', { name: 'x.png', bytes }));
    const garbage = Uint8Array.from({ length: 4096 }, (_, index) => (index * 7919) % 251);
    for (const bytes of [garbage, new Uint8Array(0), hugePng(64, 64).subarray(0, 40)])
      expect(await put(bytes)).toMatch(/^x\.png .+\.$/);
    for (const [width, height] of [
      [10_001, 10_000],
      [60_000, 60_000],
      [2 ** 31 - 1, 2 ** 31 - 1],
      [100_000_001, 1],
    ] as const) {
      const startMs = performance.now();
      const sentence = await put(hugePng(width, height));
      expect(sentence).toMatch(/^x\.png .+\.$/);
      expect(performance.now() - startMs).toBeLessThan(500);
    }
    for (const name of ['../x.png', '/etc/passwd', 'a\\b', ''])
      expect(await sentenceOf(client.call('media.put', { name, bytes: garbage }))).toContain('media.put');
  });

  it('reach the same queue from every connection', async () => {
    const [one, two] = [await connected(), await connected()];
    const seen: DeskEvent[] = [];
    two.onEvent((event) => seen.push(event));
    await one.call('queue.pause', {});
    const { sample } = await one.call('hello', {});
    const { job } = await one.call('jobs.submit', { request: sample.request });
    const { queue } = await two.call('hello', {});
    expect([queue.isPaused, queue.jobs.map((queued) => queued.job)]).toEqual([true, [job]]);
    expect(seen.filter(({ kind }) => kind === 'queue').length).toBeGreaterThan(0);
    await two.call('queue.clear', {});
    await two.call('queue.resume', {});
    expect((await one.call('hello', {})).queue.jobs).toEqual([]);
  });
});

describe('a client that does not read', () => {
  it('gets the newest pictures when it reads again, and holds nobody up', async () => {
    const told = new Set<(event: DeskEvent) => void>();
    const subscribe = (listener: (event: DeskEvent) => void) => {
      told.add(listener);
      return () => told.delete(listener);
    };
    const { handlers, explain, archive } = desk.service;
    const busy = await openServer({
      service: { handlers, explain, subscribe, archive },
      editor: join(folder, 'editor'),
      port: 0,
      token: TOKEN,
    });
    const socket = await dial(busy.port, { Authorization: `Bearer ${TOKEN}` });
    if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
    socket.pause();
    const preview = (step: number): DeskEvent => ({
      kind: 'run',
      job: 'job-00000001',
      event: {
        kind: 'preview',
        step,
        image: { width: 512, height: 512, channels: 4, data: new Uint8Array(2 ** 20).fill(step % 256) },
      },
    });
    for (let step = 1; step <= 200; step++) {
      for (const tell of told) tell(preview(step));
      if (step % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const steps: number[] = [];
    const last = new Promise<void>((resolve) => {
      clientOver(socket).onEvent((event) => {
        if (event.kind === 'run' && event.event.kind === 'preview') steps.push(event.event.step);
        if (steps.at(-1) === 200) resolve();
      });
    });
    socket.resume();
    await last;
    expect(steps.length).toBeLessThan(60);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    await busy.close();
  });
});

describe('a client that sends much at once', () => {
  it('is read as fast as it is answered', async () => {
    const { handlers, explain, subscribe, archive } = desk.service;
    const started: (() => void)[] = [];
    const put = (): Promise<never> =>
      new Promise((_, reject) => {
        started.push(() => reject(new Error('not taken')));
      });
    const busy = await openServer({
      service: { explain, subscribe, archive, handlers: { ...handlers, 'media.put': put } },
      editor: join(folder, 'editor'),
      port: 0,
      token: TOKEN,
    });
    const socket = await dial(busy.port, { Authorization: `Bearer ${TOKEN}` });
    if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
    const client = clientOver(socket);
    const answered = Array.from({ length: 12 }, (_, index) =>
      client.call('media.put', { name: `${index}.png`, bytes: new Uint8Array(30 * 2 ** 20) }).catch(() => index),
    );
    const other = clientOver((await dial(busy.port, { Authorization: `Bearer ${TOKEN}` })) as WebSocket);
    // Three make more than is read ahead; the others stay where they are until one of them is answered.
    for (let count = 3; count <= 12; count++) {
      await expect.poll(() => started.length).toBe(count);
      await other.call('hello', {});
      expect(started.length).toBe(count);
      started[count - 3]?.();
    }
    for (const end of started.slice(-2)) end();
    expect((await Promise.all(answered)).length).toBe(12);
    await busy.close();
  });

  it('has its pictures decoded one after the other where they are large', async () => {
    const side = 9_500;
    const pictures: Uint8Array[] = [];
    for (let index = 0; index < 6; index++) {
      const picture = sharp({ create: { width: side, height: side - index, channels: 3, background: 'white' } });
      pictures.push(new Uint8Array(await picture.png({ compressionLevel: 1 }).toBuffer()));
    }
    const client = await connected();
    const peak = () => process.resourceUsage().maxRSS * 1024;
    const before = peak();
    const sizes = await Promise.all(pictures.map((bytes) => client.call('media.put', { name: 'large.png', bytes })));
    expect(sizes.map(({ height }) => height)).toEqual([0, 1, 2, 3, 4, 5].map((index) => side - index));
    // One takes 540 MB with the codec's own copy.
    expect(peak() - before).toBeLessThan(1.2e9);
  });
});

describe('a batch as a download', () => {
  it('needs the cookie and the id of a batch', async () => {
    const path = '/batches/00000000-0000-0000-0000-000000000000.zip';
    expect((await get(path)).status).toBe(401);
    for (const wrong of [
      path,
      '/batches/x.zip',
      '/batches/..%2f..%2fsecret.zip',
      '/batches/',
      path.replace('.zip', ''),
    ])
      expect([wrong, (await get(wrong, { Cookie: cookie })).status]).toEqual([wrong, 404]);
    expect((await get(path, { Cookie: cookie, Origin: 'http://evil.example' })).status).toBe(403);
  });

  it('is made as fast as it is read, whatever its size, and ends with its reader', async () => {
    const part = 2 ** 20;
    let [made, hasEnded] = [0, false];
    const archive = async () => ({
      name: 'fruit "ä".zip',
      stream: new ReadableStream<Uint8Array>({
        pull(controller) {
          made += part;
          controller.enqueue(new Uint8Array(part));
        },
        cancel() {
          hasEnded = true;
        },
      }),
    });
    const own = await openServer({
      service: { ...desk.service, archive },
      editor: join(folder, 'editor'),
      port: 0,
      token: TOKEN,
    });
    const url = new URL('/batches/00000000-0000-0000-0000-000000000000.zip', own.page);
    const headers = { Cookie: `attune-${own.port}=${TOKEN}` };
    const head = await fetch(url, { method: 'HEAD', headers });
    expect([head.status, hasEnded]).toEqual([200, true]);
    hasEnded = false;
    const end = new AbortController();
    const answer = await fetch(url, { headers, signal: end.signal });
    expect(answer.headers.get('content-type')).toBe('application/zip');
    expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''fruit%20%22%C3%A4%22.zip");
    const reader = answer.body?.getReader();
    let read = 0;
    while (read < 300 * part) read += (await reader?.read())?.value?.length ?? 0;
    // What lies in between is in the buffers of two sockets.
    const ahead = made - read;
    expect(ahead).toBeLessThan(50 * part);
    end.abort();
    await expect.poll(() => hasEnded).toBe(true);
    await own.close();
  });
});

describe('opening', () => {
  it('says what to do about a port or host that cannot be had, and about a missing editor', async () => {
    const open = (change: Partial<Parameters<typeof openServer>[0]>) =>
      openServer({ service: desk.service, editor: join(folder, 'editor'), port: 0, ...change });
    await expect(open({ port })).rejects.toThrow(/taken.*--port/);
    await expect(open({ host: '203.0.113.7' })).rejects.toThrow(/no address of this computer; leave --host out/);
    await expect(open({ editor: join(folder, 'nope') })).rejects.toThrow(/npm run build:editor/);
    await expect(open({ editor: join(folder, 'editor', 'assets') })).rejects.toThrow(/holds no editor/);
  });

  it('listens on this computer alone, and warns where it was told otherwise', async () => {
    expect(server.warning).toBeUndefined();
    expect(server.page).toBe(`http://127.0.0.1:${port}/`);
    expect(server.newAddress('printed')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?ticket=[\w-]{43}$/);
    const wide = await openServer({ service: desk.service, editor: join(folder, 'editor'), port: 0, host: '0.0.0.0' });
    expect(wide.warning).toContain('which lets one browser in, is the only protection, and traffic is not encrypted');
    await wide.close();
  });

  it('ends with every connection', async () => {
    const short = await openServer({ service: desk.service, editor: join(folder, 'editor'), port: 0, token: TOKEN });
    const socket = await dial(short.port, { Authorization: `Bearer ${TOKEN}` });
    const code = closeCode(socket as WebSocket);
    await short.close();
    expect(await code).toBe(1001);
    expect(await dial(short.port, { Authorization: `Bearer ${TOKEN}` })).toBe(0);
  });
});
