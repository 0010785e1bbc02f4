import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { MAX_MEDIA_BYTES } from '../../contract/index.ts';
import { hostCalls } from '../../transport/index.ts';
import type { Service } from '../service.ts';
import type { Gate, Refusal } from './gate.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { portOf } from './port.ts';

const MAX_CONNECTIONS = 16;
/** Calls under way at once on one connection; each may hold a picture. */
const MAX_CALLS = 32;
/** The largest picture, and a call around it. */
const MAX_FRAME_BYTES = MAX_MEDIA_BYTES + 1024 * 1024;
const HEARTBEAT_MS = 30_000;
const GOODBYE_MS = 500;

export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Why a request that could have become a socket did not. */
  noSocket(): { readonly status: 426 | 503; readonly sentence: string };
  close(): Promise<void>;
}

/**
 * The WebSockets of the editor, one connection to the service each. None of them may do what names places on the disk. `accepted` is told
 * of connections that are counted here from now on.
 */
export function openSockets(
  service: Pick<Service, 'handlers' | 'subscribe' | 'explain'>,
  gate: Gate,
  accepted: (connection: Duplex) => void,
): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  const beats = new Map<WebSocket, () => void>();
  const heart = setInterval(() => {
    for (const beat of beats.values()) beat();
  }, HEARTBEAT_MS).unref();
  const accept = (socket: WebSocket, wire: Duplex) => {
    beats.set(socket, heartbeat(socket, wire as Socket)); // what an HTTP server without TLS upgrades
    socket.on('close', () => beats.delete(socket));
    hostCalls(portOf(socket), { ...handlersOf(service), isShell: false, maxCalls: MAX_CALLS });
  };
  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const refusal = gate.refusalOf(request, 'socket') ?? elsewhere(request);
      if (refusal !== undefined) return answer(socket, refusal.status, refusal.sentence);
      if (server.clients.size >= MAX_CONNECTIONS) return answer(socket, TOO_MANY.status, TOO_MANY.sentence);
      accepted(socket);
      server.handleUpgrade(request, socket, head, (opened) => accept(opened, socket));
    },
    noSocket: () => (server.clients.size >= MAX_CONNECTIONS ? TOO_MANY : NOT_ASKED),
    async close() {
      clearInterval(heart);
      const ended = [...server.clients].map(
        (client) =>
          new Promise<void>((resolve) => {
            const force = setTimeout(() => client.terminate(), GOODBYE_MS);
            client.on('close', () => {
              clearTimeout(force);
              resolve();
            });
            client.close(1001, 'Attune is closing.');
          }),
      );
      await Promise.all(ended);
      server.close();
    },
  };
}

const TOO_MANY = {
  status: 503,
  sentence: `Attune has ${MAX_CONNECTIONS} open pages already; close one and try again.`,
} as const;
const NOT_ASKED = {
  status: 426,
  sentence:
    'This address is a WebSocket, and none was asked for: a proxy before Attune must pass on the headers Host, Upgrade and Connection.',
} as const;

const handlersOf = ({ handlers, subscribe, explain }: Pick<Service, 'handlers' | 'subscribe' | 'explain'>) => ({
  handlers,
  subscribe,
  explain,
});

function elsewhere({ url }: IncomingMessage): { readonly status: 404; readonly sentence: string } | undefined {
  return url === '/engine' ? undefined : { status: 404, sentence: 'There is no socket at this address.' };
}

/** Ends a client that neither sends nor takes a byte between two beats; a pong may wait behind a large picture. */
function heartbeat(socket: WebSocket, wire: Socket): () => void {
  let [read, waiting] = [-1, -1];
  return () => {
    // It is us who do not read.
    if (socket.isPaused) return;
    if (wire.bytesRead === read && socket.bufferedAmount === waiting) return socket.terminate();
    [read, waiting] = [wire.bytesRead, socket.bufferedAmount];
    socket.ping();
  };
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  421: 'Misdirected Request',
  503: 'Service Unavailable',
};

function answer(socket: Duplex, status: Refusal['status'] | 404 | 503, sentence: string): void {
  const body = `${sentence}\n`;
  const headers = {
    ...SECURITY_HEADERS,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${REASONS[status]}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
}
