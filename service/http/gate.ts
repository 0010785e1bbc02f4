import type { IncomingMessage } from 'node:http';
import { isSame, type Tickets } from './token.ts';

/** Why a request is not served. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 421;
  readonly sentence: string;
}

export interface GateOptions {
  /** Values of the Host header -> schemes of the pages that may call. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly token: string;
  readonly tickets: Tickets;
  readonly cookie: string;
}

/** Decides who is let in, from the head of a request alone. */
export interface Gate {
  /** Undefined for a request that may be served. */
  refusalOf(request: IncomingMessage, kind: 'page' | 'socket'): Refusal | undefined;
  /** Whether the request brings a token in its address, to be changed for the cookie; a ticket is used up. */
  enters(request: IncomingMessage): boolean;
  /** Value of Set-Cookie. */
  readonly setCookie: string;
}

const refused = (status: Refusal['status'], sentence: string): Refusal => ({ status, sentence });

const NO_TOKEN = refused(
  401,
  'Attune needs its token: open the address that "attune serve" printed, with everything behind the question mark.',
);

export function openGate({ hosts, token, tickets, cookie }: GateOptions): Gate {
  /** What everyone must fulfil, with a token or without. */
  const strange = (request: IncomingMessage, kind: 'page' | 'socket'): Refusal | undefined => {
    const { url = '', method } = request;
    if (!url.startsWith('/')) return refused(400, 'Attune is no proxy: the address must be a path.');
    const schemes = onlyHost(request, hosts);
    if (schemes === undefined)
      return refused(421, 'Attune does not answer to this name; start it with --host-name and the name to allow it.');
    const { host, origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      return refused(403, 'Another web page asked for this; paste the address into the address bar instead.');
    const isOurs = schemes.some((scheme) => origin === `${scheme}://${host}`);
    // Browsers always name the page that opens a socket; other programs have none, but they show their token in the open.
    const needsOrigin = kind === 'socket' && bearerOf(request) === undefined;
    if (origin === undefined ? needsOrigin : !isOurs)
      return refused(403, 'Only the page that Attune itself serves may do this.');
    if (kind === 'page' && method !== 'GET' && method !== 'HEAD')
      return refused(405, 'Pages are only read here; everything else goes over the socket.');
    return undefined;
  };
  const isKnown = (request: IncomingMessage) => {
    const bearer = bearerOf(request);
    return [...(bearer === undefined ? [] : [bearer]), ...cookiesOf(request, cookie)].some((given) =>
      isSame(given, token),
    );
  };
  return {
    setCookie: `${cookie}=${token}; Path=/; HttpOnly; SameSite=Strict`,
    refusalOf: (request, kind) => strange(request, kind) ?? (isKnown(request) ? undefined : NO_TOKEN),
    enters(request) {
      const given = tokenIn(request);
      if (given === undefined || strange(request, 'page') !== undefined) return false;
      return isSame(given, token) || tickets.use(given);
    },
  };
}

/** The schemes of the request's only Host; undefined where that is not known, or there are several. */
function onlyHost(
  { rawHeaders, headers }: IncomingMessage,
  hosts: GateOptions['hosts'],
): readonly string[] | undefined {
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
  return count === 1 ? hosts.get(headers.host ?? '') : undefined;
}

function tokenIn({ url = '', method }: IncomingMessage): string | undefined {
  if (method !== 'GET' || !url.startsWith('/?')) return undefined;
  return new URLSearchParams(url.slice(2)).get('token') ?? undefined;
}

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer ([\w-]+)$/i.exec(headers.authorization ?? '')?.[1];
}

function cookiesOf({ headers }: IncomingMessage, name: string): string[] {
  return (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}
