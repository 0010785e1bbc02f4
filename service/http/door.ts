import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { AttuneError } from '../../engine/index.ts';

/** Where a program of the same user gives orders to a server, and what lets it: to be kept from everyone else. */
export interface Door {
  readonly url: string;
  readonly secret: string;
}

/** What may be ordered: path -> what is answered. */
export interface Orders {
  /** A new address that lets one browser in. */
  readonly '/address': { readonly address: string };
  /** The end of the program. */
  readonly '/stop': Record<string, never>;
}

const PATIENCE_MS = 10_000;

/** Gives an order to a server that runs. Throws 'request-invalid' where it does not answer, or refuses. */
export async function order<Path extends keyof Orders>({ url, secret }: Door, path: Path): Promise<Orders[Path]> {
  const failed = (how: string, cause?: unknown) =>
    new AttuneError('request-invalid', `Attune at ${url} ${how}; end its process.`, {}, cause);
  const { status, body } = await post(`${url}${path}`, secret).catch((cause: unknown) => {
    throw failed('does not answer', cause);
  });
  if (status !== 200) throw failed(`refused (${body.trim()})`);
  return JSON.parse(body) as Orders[Path]; // by a server that knows the secret, so of ours
}

/** Straight to this computer: `fetch` may be told by the environment to go through a proxy, which must not learn the secret. */
function post(url: string, secret: string): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: 'POST',
      agent: false,
      headers: { Authorization: `Bearer ${secret}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    asked.on('error', reject);
    asked.on('response', (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
    });
    asked.end();
  });
}
