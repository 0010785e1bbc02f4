import type { CallName, CallParams, CallResult } from '../../../contract/index.ts';
import { CallError, type Client } from '../../../transport/index.ts';
import type { Carrier } from '../carrier/carrier.ts';
import { notify, take, takeQueue, useSession } from './session.ts';

/** Pauses between attempts to connect again, the last one repeats. */
const RETRY_MS = [200, 500, 1000, 2000, 5000];
const HISTORY_PAGE = 60;

let client: Client | undefined;
let hello: CallResult<'hello'> | undefined;

/** Calls the service. Rejects with a CallError whose message is for the user. */
export function call<Name extends CallName>(name: Name, params: CallParams<Name>): Promise<CallResult<Name>> {
  if (client === undefined)
    return Promise.reject(new CallError({ kind: 'internal', message: 'Attune is not connected to its engine yet.' }));
  return client.call(name, params);
}

/** For calls from the interface: a failure becomes a notice and `undefined`. */
export async function tryCall<Name extends CallName>(
  name: Name,
  params: CallParams<Name>,
): Promise<CallResult<Name> | undefined> {
  try {
    return await call(name, params);
  } catch (error) {
    notify('error', sentenceOf(error));
    return undefined;
  }
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the service said when it was first reached; the sample and the methods. */
export const greeting = (): CallResult<'hello'> | undefined => hello;

/** Connects, and again whenever the connection is lost. `onOpen` runs after every time. */
export async function stayConnected(carrier: Carrier, onOpen: (isFirst: boolean) => Promise<void>): Promise<void> {
  let isFirst = true;
  for (let attempt = 0; ; ) {
    try {
      const opened = await carrier.connect();
      const closed = new Promise<void>((done) => opened.onClose(done));
      client = opened;
      opened.onEvent(take);
      hello = await opened.call('hello', {});
      const { entries } = await opened.call('history.list', { limit: HISTORY_PAGE });
      const { version, methods, models, lostFolders, settings, queue, batches } = hello;
      useSession.setState({
        version,
        methods,
        models,
        lostFolders,
        settings,
        batches,
        history: entries,
        hasMoreHistory: entries.length === HISTORY_PAGE,
        link: 'open',
        linkSentence: '',
      });
      takeQueue(queue);
      for (const told of hello.run) take({ kind: 'run', ...told });
      attempt = 0;
      await onOpen(isFirst);
      isFirst = false;
      await closed;
    } catch (error) {
      useSession.setState({ linkSentence: sentenceOf(error) });
    }
    client = undefined;
    useSession.setState({ link: 'lost' });
    const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 5000;
    attempt += 1;
    await new Promise((done) => setTimeout(done, wait));
  }
}

/** Loads older results. */
export async function loadMoreHistory(): Promise<void> {
  const { history } = useSession.getState();
  const last = history.at(-1);
  if (last === undefined) return;
  const page = await tryCall('history.list', { limit: HISTORY_PAGE, before: last.id });
  if (page === undefined) return;
  useSession.setState({ history: [...history, ...page.entries], hasMoreHistory: page.entries.length === HISTORY_PAGE });
}
