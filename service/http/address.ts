import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

export interface Address {
  /** What is listened on: a literal address or a name. */
  readonly host: string;
  readonly port: number;
  /** Names, with or without a port, that the user says lead here; `https://` before one says that its pages come over TLS alone. */
  readonly names: readonly string[];
  /** Path that a proxy puts before every address, such as `/attune`; empty: none. */
  readonly base: string;
}

/** Whether only this computer can reach the address. */
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

const isEverywhere = (host: string) => host === '0.0.0.0' || host === '::';

const bracketed = (host: string) => (isIP(host) === 6 ? `[${host}]` : host);

const TLS = 'https://';
const hasPort = (name: string) => /:\d+$/.test(name);

/**
 * Values of the Host header that are answered -> schemes of the pages that may connect. A page elsewhere can make its own name lead to
 * this computer, so names are compared with this list and never looked up. Behind a given name a proxy may speak TLS, which cannot be
 * seen from here.
 */
export function knownHosts({ host, port, names }: Address): ReadonlyMap<string, readonly string[]> {
  const literal = isIP(host) !== 0 && !isEverywhere(host) ? [host] : [];
  const local = new Set(['127.0.0.1', 'localhost', '::1', ...literal].map(bracketed));
  // A browser leaves out the port that its scheme has anyway.
  const here = [...local].flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]);
  const hosts = new Map<string, readonly string[]>();
  for (const name of names) {
    if (name.startsWith(TLS)) hosts.set(name.slice(TLS.length), ['https']);
    else for (const form of hasPort(name) ? [name] : [name, `${name}:${port}`]) hosts.set(form, ['https', 'http']);
  }
  for (const name of here) hosts.set(name, ['http']);
  return hosts;
}

/**
 * Whether the page of a request came over TLS, which ends at a proxy. Headers that a proxy adds are not believed: browsers send
 * `Sec-Fetch-Site`, which no page can make up, only over TLS and to this computer.
 */
export function isSecurePage(schemes: readonly string[], headers: IncomingHttpHeaders): boolean {
  if (!schemes.includes('https')) return false;
  const name = (headers.host ?? '').replace(/:\d+$/, '');
  const isHere = isLoopback(name.replace(/^\[|\]$/g, '')) || name.endsWith('.localhost');
  return !schemes.includes('http') || (!isHere && headers['sec-fetch-site'] !== undefined);
}

/** What the user opens, without a ticket. */
export function pageOf({ host, port, names: [name], base }: Address): string {
  if (name?.startsWith(TLS)) return `${name}${base}/`;
  if (name !== undefined) return `http://${hasPort(name) ? name : `${name}:${port}`}${base}/`;
  return `${hereOf({ host, port })}${base}/`;
}

/** Where programs on this computer reach the server. */
export function hereOf({ host, port }: Pick<Address, 'host' | 'port'>): string {
  const local = host === '::' ? '::1' : host === '0.0.0.0' ? '127.0.0.1' : host;
  return `http://${bracketed(local)}:${port}`;
}

/** What the user must know of an address that others can reach. */
export function warningOf({ host, names }: Address): string | undefined {
  if (isLoopback(host)) return undefined;
  const name = names.length > 0 ? '' : ' Other computers also need --host-name with the name they use for this one.';
  return `Others on your network can reach ${bracketed(host)}: the printed address, which lets one browser in, is the only protection, and traffic is not encrypted.${name}`;
}
