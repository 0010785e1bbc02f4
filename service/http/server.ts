import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { AttuneError } from '../../engine/index.ts';
import type { Service } from '../service.ts';
import { type Address, knownHosts, pageOf, warningOf } from './address.ts';
import { createApp, sentencePage } from './app.ts';
import { readEditor } from './files.ts';
import { openGate } from './gate.ts';
import { openSockets } from './sockets.ts';
import { newToken, Tickets } from './token.ts';

export interface ServerOptions {
  readonly service: Pick<Service, 'handlers' | 'subscribe' | 'explain'>;
  /** Folder of the built editor. */
  readonly editor: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Default: only this computer. */
  readonly host?: string;
  /** Names, with or without a port, by which browsers may call this computer. */
  readonly names?: readonly string[];
  /** Default: a fresh one. */
  readonly token?: string;
}

export interface OpenServer {
  readonly port: number;
  /** What the user opens; whoever knows it is let in. */
  readonly url: string;
  /** The same for one use within two minutes: to start a browser with, since others can see its arguments. */
  urlForOnce(): string;
  /** A sentence, where others can reach the server. */
  readonly warning: string | undefined;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Serves the editor and its socket. Throws 'request-invalid' for a port or host that cannot be had, 'file-failed' without an editor. */
export async function openServer(options: ServerOptions): Promise<OpenServer> {
  const { service, host = '127.0.0.1', names = [], token = newToken() } = options;
  const files = await readEditor(options.editor);
  // Whoever is slow to say what they want must not keep others out.
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 2_000,
  });
  server.maxConnections = 256;
  // Too many open files, told of each connection that could not be taken; later ones may be.
  server.on('error', () => {});
  const address: Address = { host, names, port: await listen(server, options.port, host) };
  const tickets = new Tickets();
  const gate = openGate({ hosts: knownHosts(address), token, tickets, cookie: `attune-${address.port}` });
  const sockets = openSockets(service, gate);
  const { fetch } = createApp({ gate, files });
  const onRequest = getRequestListener((request, env) => fetch(request, env), {
    overrideGlobalObjects: false,
    errorHandler: () => sentencePage({ status: 400, sentence: 'This is no address that Attune understands.' }),
  });
  server.on('request', (incoming, outgoing) => void onRequest(incoming, outgoing));
  server.on('upgrade', sockets.upgrade);
  const url = (secret: string) => `${pageOf(address)}?token=${secret}`;
  return {
    port: address.port,
    url: url(token),
    urlForOnce: () => url(tickets.issue()),
    warning: warningOf(address),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await sockets.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const field = cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND' ? 'host' : 'port';
      reject(new AttuneError('request-invalid', whyNot(cause, port, host), { field }, cause));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function whyNot({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken, perhaps by another Attune; choose another with --port, or --port 0 for any that is free.`;
  if (code === 'EACCES') return `Port ${port} may not be used by you; choose one above 1023 with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this computer; leave --host out, or give one that it has.`;
  return `The port ${port} cannot be opened (${message}); choose another with --port.`;
}
