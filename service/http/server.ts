import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Service } from '../service.ts';
import { type Address, hereOf, knownHosts, pageOf, warningOf } from './address.ts';
import { createApp, sentencePage } from './app.ts';
import { baseOf, belowBase } from './base.ts';
import { Crowd } from './crowd.ts';
import type { Door, Orders } from './door.ts';
import { readEditor } from './files.ts';
import { openGate } from './gate.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { LOOPBACK, listen } from './listen.ts';
import { openSockets } from './sockets.ts';
import { newToken, Tickets } from './token.ts';

export interface ServerOptions {
  readonly service: Pick<Service, 'handlers' | 'subscribe' | 'explain' | 'archive'>;
  /** Folder of the built editor. */
  readonly editor: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Default: only this computer. */
  readonly host?: string;
  /** Names, with or without a port, by which browsers may call this computer; `https://` before one: over TLS alone. */
  readonly names?: readonly string[];
  /** Path below which a proxy shows the editor, such as `/attune`. */
  readonly base?: string;
  /** What browsers that were let in are known by; default: a fresh one. */
  readonly token?: string;
  /** Told when a program of the same user asks for the end. */
  readonly onStop?: () => void;
}

export interface OpenServer {
  readonly port: number;
  /** Where the page is; of no use without a ticket or a cookie. */
  readonly page: string;
  /** A new address that lets one browser in; `printed`: within a day. `argument`: within two minutes, to start a browser with. */
  newAddress(use: keyof typeof TICKET_MS): string;
  /** A sentence, where others can reach the server. */
  readonly warning: string | undefined;
  /** For programs of the same user, who must be kept from others: see `order`. */
  readonly door: Door;
  /** Ends every connection. */
  close(): Promise<void>;
}

const MINUTE_MS = 60_000;
/** How long an address may be opened: one that is printed until its reader has come to it, one that stands in a list of processes not long. */
const TICKET_MS = { printed: 24 * 60 * MINUTE_MS, argument: 2 * MINUTE_MS } as const;

/** Connections; a browser opens six, and asks at once. */
const CROWD = { strangers: 256, known: 256 } as const;

/**
 * Serves the editor and its socket. Throws 'request-invalid' for a port, a host or a base that cannot be had, 'file-failed' without an
 * editor.
 */
export async function openServer(options: ServerOptions): Promise<OpenServer> {
  const { service, host, names = [], token = newToken(), onStop } = options;
  const base = baseOf(options.base ?? '');
  const files = await readEditor(options.editor);
  // Whoever is slow to say what they want must not keep others out.
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 2_000,
  });
  const crowd = new Crowd(CROWD);
  server.on('connection', (connection) => crowd.add(connection));
  // Too many open files, told of each connection that could not be taken; later ones may be.
  server.on('error', () => {});
  const address: Address = {
    ...(await listen(server, options.port, host === undefined ? LOOPBACK : [host])),
    names,
    base,
  };
  const tickets = new Tickets();
  const secret = newToken();
  const gate = openGate({ hosts: knownHosts(address), token, tickets, cookie: `attune-${address.port}`, secret });
  const newAddress = (use: keyof typeof TICKET_MS) => `${pageOf(address)}?ticket=${tickets.issue(TICKET_MS[use])}`;
  const orders: { readonly [Path in keyof Orders]: () => Orders[Path] } = {
    '/address': () => ({ address: newAddress('printed') }),
    '/stop': () => {
      // What is answered must be on its way first.
      setImmediate(() => onStop?.());
      return {};
    },
  };
  const sockets = openSockets(service, gate, (connection) => crowd.release(connection));
  const { fetch } = createApp({
    gate,
    files,
    orders: new Map(Object.entries(orders)),
    letIn: ({ socket }) => crowd.letIn(socket),
    archive: service.archive,
    noSocket: sockets.noSocket,
  });
  const onRequest = getRequestListener((request, env) => fetch(request, env), {
    overrideGlobalObjects: false,
    errorHandler: () => sentencePage({ status: 400, sentence: 'This is no address that Attune understands.' }),
  });
  server.on('request', (incoming, outgoing) => {
    const below = belowBase(incoming.url ?? '', base);
    if ('beside' in below) outgoing.writeHead(308, { ...SECURITY_HEADERS, Location: below.beside }).end();
    else {
      incoming.url = below.url;
      void onRequest(incoming, outgoing);
    }
  });
  server.on('upgrade', (incoming, socket, head) => {
    const below = belowBase(incoming.url ?? '', base);
    if ('url' in below) incoming.url = below.url;
    sockets.upgrade(incoming, socket, head);
  });
  return {
    port: address.port,
    page: pageOf(address),
    newAddress,
    warning: warningOf(address),
    door: { url: hereOf(address), secret },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await sockets.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
