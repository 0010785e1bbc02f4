import type { IncomingMessage } from 'node:http';
import { isSecurePage } from './address.ts';
import { isSame, type Tickets } from './token.ts';

/** Why a request is not served. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 421;
  readonly sentence: string;
}

export interface GateOptions {
  /** Values of the Host header -> schemes of the pages that may call. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** What the cookie of a browser that was let in holds. */
  readonly token: string;
  readonly tickets: Tickets;
  readonly cookie: string;
  /** What lets a program of the same user give orders; no cookie and no ticket does. */
  readonly secret: string;
}

/** What a request wants: a file of the editor, the socket behind it, or to give the program an order. */
type Kind = 'page' | 'socket' | 'order';

/** Decides who is let in, from the head of a request alone. */
export interface Gate {
  /** Undefined for a request that may be served. */
  refusalOf(request: IncomingMessage, kind: Kind): Refusal | undefined;
  /** `entered`: the request's ticket was used up for the cookie; `known`: its browser has the cookie already, so the address is spent. */
  entry(request: IncomingMessage): 'entered' | 'known' | undefined;
  /** Value of Set-Cookie. Without a path: a browser keeps it to the folder of the page, whatever a proxy puts before it. */
  setCookie(request: IncomingMessage): string;
}

const refused = (status: Refusal['status'], sentence: string): Refusal => ({ status, sentence });

const NO_TOKEN = refused(
  401,
  'This browser has not been let in: open the address that "attune serve" printed, with everything behind the question mark. ' +
    '"attune serve --address" prints a new one.',
);
const SPENT = refused(
  401,
  'This address was used already or is too old: each lets one browser in. "attune serve --address" prints a new one.',
);

export function openGate({ hosts, token, tickets, cookie, secret }: GateOptions): Gate {
  /** What everyone must fulfil, with a token or without. */
  const strange = (request: IncomingMessage, kind: Kind): Refusal | undefined => {
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
    if (kind === 'order') return method === 'POST' ? undefined : refused(405, 'Orders are given with POST.');
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
    setCookie(request) {
      const isSecure = isSecurePage(onlyHost(request, hosts) ?? [], request.headers);
      return `${cookie}=${token}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
    },
    refusalOf(request, kind) {
      const refusal = strange(request, kind);
      if (refusal !== undefined) return refusal;
      if (kind === 'order') return isSame(bearerOf(request) ?? '', secret) ? undefined : NO_TOKEN;
      if (isKnown(request)) return undefined;
      return ticketIn(request) === undefined ? NO_TOKEN : SPENT;
    },
    entry(request) {
      const ticket = ticketIn(request);
      if (ticket === undefined || strange(request, 'page') !== undefined) return undefined;
      if (tickets.use(ticket)) return 'entered';
      return isKnown(request) ? 'known' : undefined;
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

function ticketIn({ url = '', method }: IncomingMessage): string | undefined {
  if (method !== 'GET' || !url.startsWith('/?')) return undefined;
  return new URLSearchParams(url.slice(2)).get('ticket') ?? undefined;
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
