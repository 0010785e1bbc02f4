import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { StaticFile } from './files.ts';
import type { Gate, Refusal } from './gate.ts';
import { SECURITY_HEADERS } from './headers.ts';

export interface AppOptions {
  readonly gate: Gate;
  readonly files: ReadonlyMap<string, StaticFile>;
}

/** The pages: the built editor for those who are let in, and one sentence for everyone else. */
export function createApp({ gate, files }: AppOptions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.all('*', ({ env: { incoming } }) => {
    if (gate.enters(incoming)) return entry(gate.setCookie);
    const refusal = gate.refusalOf(incoming, 'page');
    if (refusal !== undefined) return sentencePage(refusal);
    // As it was sent: what a URL parser would make of dots and escapes is of no interest to a list of names.
    const [path = ''] = (incoming.url ?? '').split('?', 1);
    const file = files.get(path);
    if (file === undefined) return sentencePage({ status: 404, sentence: 'There is nothing at this address.' });
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

/** Gives the cookie and sends on to the page, so that the token leaves the address bar and the history. */
function entry(setCookie: string): Response {
  return new Response(null, {
    status: 303,
    headers: { ...SECURITY_HEADERS, Location: '/', 'Set-Cookie': setCookie, 'Cache-Control': 'no-store' },
  });
}

/** A sentence as plain text. */
export function sentencePage({
  status,
  sentence,
}: {
  readonly status: Refusal['status'] | 404 | 500;
  readonly sentence: string;
}): Response {
  return new Response(`${sentence}\n`, {
    status,
    headers: {
      ...SECURITY_HEADERS,
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      ...(status === 405 && { Allow: 'GET, HEAD' }),
    },
  });
}
