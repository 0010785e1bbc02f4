import { isIP } from 'node:net';

export interface Address {
  /** What is listened on: a literal address or a name. */
  readonly host: string;
  readonly port: number;
  /** Names, with or without a port, that the user says lead here. */
  readonly names: readonly string[];
}

/** Whether only this computer can reach the address. */
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

const isEverywhere = (host: string) => host === '0.0.0.0' || host === '::';

const bracketed = (host: string) => (isIP(host) === 6 ? `[${host}]` : host);

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
  const given = names.flatMap((name) => (/:\d+$/.test(name) ? [name] : [name, `${name}:${port}`]));
  const hosts = new Map<string, readonly string[]>();
  for (const name of given) hosts.set(name, ['https', 'http']);
  for (const name of here) hosts.set(name, ['http']);
  return hosts;
}

/** What the user opens, without the token. */
export function pageOf({ host, port, names: [name] }: Address): string {
  if (name !== undefined) return `http://${/:\d+$/.test(name) ? name : `${name}:${port}`}/`;
  return `http://${isEverywhere(host) ? '127.0.0.1' : bracketed(host)}:${port}/`;
}

/** What the user must know of an address that others can reach. */
export function warningOf({ host, names }: Address): string | undefined {
  if (isLoopback(host)) return undefined;
  const name = names.length > 0 ? '' : ' Other computers also need --host-name with the name they use for this one.';
  return `Others on your network can reach ${bracketed(host)}: the token in the address is the only protection, and traffic is not encrypted.${name}`;
}
