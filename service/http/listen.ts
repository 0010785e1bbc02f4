import type { Server } from 'node:http';
import { AttuneError } from '../../engine/index.ts';

/** This computer and nobody else; the second where it has no IPv4. */
export const LOOPBACK = ['127.0.0.1', '::1'] as const;

/**
 * Listens on the first of the hosts that this computer has; port 0 is any that is free. Throws 'request-invalid' naming 'host' or 'port'.
 */
export async function listen(
  server: Server,
  port: number,
  hosts: readonly string[],
): Promise<{ readonly host: string; readonly port: number }> {
  for (const host of hosts) {
    try {
      return { host, port: await listenOn(server, port, host) };
    } catch (error) {
      const cause = error as NodeJS.ErrnoException; // a server tells of nothing else
      if (isNoAddress(cause) && host !== hosts.at(-1)) continue;
      const field = isNoAddress(cause) ? 'host' : 'port';
      throw new AttuneError('request-invalid', whyNot(cause, port, hosts), { field }, cause);
    }
  }
  throw new RangeError('a server listens somewhere');
}

function listenOn(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

const isNoAddress = ({ code }: NodeJS.ErrnoException) =>
  code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAFNOSUPPORT';

function whyNot(cause: NodeJS.ErrnoException, port: number, hosts: readonly string[]): string {
  const { code, message } = cause;
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken, perhaps by another Attune; choose another with --port, or --port 0 for any that is free.`;
  if (code === 'EACCES') return `Port ${port} may not be used by you; choose one above 1023 with --port.`;
  if (isNoAddress(cause))
    return hosts.length > 1
      ? `This computer has neither ${hosts.join(' nor ')}, by which it reaches itself; bring up its loopback network, or give an address that it has with --host.`
      : `${hosts[0]} is no address of this computer; leave --host out, or give one that it has.`;
  return `The port ${port} cannot be opened (${message}); choose another with --port.`;
}
