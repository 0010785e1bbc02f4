import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Archive } from '../batch/index.ts';
import type { StaticFile } from './files.ts';
import type { Gate, Refusal } from './gate.ts';
import { SECURITY_HEADERS } from './headers.ts';

export interface AppOptions {
  readonly gate: Gate;
  readonly files: ReadonlyMap<string, StaticFile>;
  /** Answers POST to its paths; undefined for other paths. */
  readonly orders: ReadonlyMap<string, () => unknown>;
  /** Told of requests that may be served. */
  readonly letIn: (request: IncomingMessage) => void;
  /** All files of a batch. Rejects for an unknown one. */
  readonly archive: (batch: string) => Promise<Archive>;
  /** Why a page finds no socket at `/engine`. */
  readonly noSocket: () => Answer;
}

interface Answer {
  readonly status: Refusal['status'] | 404 | 426 | 500 | 503;
  readonly sentence: string;
}

/** The pages: the built editor for those who are let in, and one sentence for everyone else. */
export function createApp({
  gate,
  files,
  orders,
  letIn,
  archive,
  noSocket,
}: AppOptions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.all('*', async ({ env: { incoming } }) => {
    const entry = gate.entry(incoming);
    if (entry !== undefined) {
      letIn(incoming);
      return toPage(entry === 'entered' ? gate.setCookie(incoming) : undefined);
    }
    // As it was sent: what a URL parser would make of dots and escapes is of no interest to a list of names.
    const [path = ''] = (incoming.url ?? '').split('?', 1);
    const order = orders.get(path);
    const refusal = gate.refusalOf(incoming, order === undefined ? 'page' : 'order');
    if (refusal !== undefined) return sentencePage(refusal);
    letIn(incoming);
    if (order !== undefined) return Response.json(order(), { headers: { ...SECURITY_HEADERS, ...NOT_KEPT } });
    if (path === '/engine') return sentencePage(noSocket());
    const batch = BATCH.exec(path)?.[1];
    if (batch !== undefined) return download(() => archive(batch), incoming.method === 'HEAD');
    const file = files.get(path);
    if (file === undefined) return sentencePage(NOTHING);
    return new Response(file.bytes, {
      headers: {
        ...SECURITY_HEADERS,
        'Content-Type': file.type,
        'Cache-Control': file.isFixed ? 'private, max-age=31536000, immutable' : 'no-store',
      },
    });
  });
  app.onError(() => sentencePage({ status: 500, sentence: 'Something went wrong inside Attune; please report it.' }));
  return app;
}

const BATCH = /^\/batches\/([a-z0-9-]{8,64})[.]zip$/;
const NOTHING = { status: 404, sentence: 'There is nothing at this address.' } as const;

async function download(open: () => Promise<Archive>, isHead: boolean): Promise<Response> {
  const archive = await open().catch(() => undefined);
  if (archive === undefined) return sentencePage(NOTHING);
  const { name, stream } = archive;
  // It rejects with what it was given.
  if (isHead) await stream.cancel().catch(() => {});
  return new Response(isHead ? null : stream, {
    headers: {
      ...SECURITY_HEADERS,
      ...NOT_KEPT,
      'Content-Type': 'application/zip',
      'Content-Disposition': `attachment; filename*=UTF-8''${encoded(name)}`,
    },
  });
}

/** As RFC 8187 writes a name into a header. */
const encoded = (name: string) =>
  encodeURIComponent(name).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);

const NOT_KEPT = { 'Cache-Control': 'no-store' } as const;

/** Sends on to the page beside the address, so that the ticket leaves the address bar; relative, since a proxy may put a path before it. */
function toPage(setCookie: string | undefined): Response {
  return new Response(null, {
    status: 303,
    headers: {
      ...SECURITY_HEADERS,
      ...NOT_KEPT,
      Location: './',
      ...(setCookie !== undefined && { 'Set-Cookie': setCookie }),
    },
  });
}

/** A sentence as plain text. */
export function sentencePage({ status, sentence }: Answer): Response {
  return new Response(`${sentence}\n`, {
    status,
    headers: {
      ...SECURITY_HEADERS,
      ...NOT_KEPT,
      'Content-Type': 'text/plain; charset=utf-8',
      ...(status === 405 && { Allow: 'GET, HEAD' }),
      ...(status === 426 && { Upgrade: 'websocket', Connection: 'Upgrade' }),
    },
  });
}
