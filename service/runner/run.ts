import type { RunEvent } from '../../contract/index.ts';
import { AttuneError, type Engine, type ImageCodec, type RunOptions } from '../../engine/index.ts';
import { providerProbe } from '../../models/probe.ts';
import { openImageCodec } from '../../native/images.ts';
import { measureProviders, openRuntime } from '../../native/measure.ts';
import type { Port } from '../../transport/index.ts';
import { explain } from '../explain.ts';
import { openLocalEngine } from '../open-engine.ts';
import { readSource, runJob } from './job.ts';
import type { Answers, Ask, FromRunner, RunJob, Select, Setup, ToRunner } from './messages.ts';

/** The runner behind a port, whatever carries it: opens the engine, runs one thing after another, hears `cancel` between steps. */
export function hostRunner(port: Port): void {
  const codec = openImageCodec();
  const tell = (message: FromRunner) => port.send(message);
  const gate = new StepGate();
  let engine: { readonly key: string; readonly opened: Engine } | undefined;
  let setup: Setup | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const running = new Map<string, AbortController>();

  const open = async (): Promise<Engine> => {
    if (setup === undefined) throw new AttuneError('runtime-failed', 'The runner was not told what to run with.');
    const { version, places, scratch, provider } = setup;
    const key = JSON.stringify([version, places, scratch, provider]);
    if (engine?.key !== key) {
      await engine?.opened.close();
      engine = undefined;
      engine = {
        key,
        opened: openLocalEngine({ version, places, scratch, runtime: await openRuntime(providerProbe, { provider }) }),
      };
    }
    return engine.opened;
  };

  const run = async (message: RunJob) => {
    const { job } = message;
    const abort = running.get(job) ?? new AbortController();
    try {
      const options = {
        previews: message.previews,
        signal: abort.signal,
        gate: () => gate.wait(abort.signal),
        onEvent: (event: RunEvent) => {
          if (!abort.signal.aborted) tell({ kind: 'event', job, event });
        },
      } satisfies RunOptions;
      tell({ kind: 'done', job, ...(await runJob(await open(), message, options, codec)) });
    } catch (error) {
      tell({ kind: 'failed', job, error: explain(error) });
    } finally {
      running.delete(job);
    }
  };

  const answer = async (message: Ask) => {
    const { id } = message;
    try {
      const value =
        message.kind === 'measure' ? await measureProviders(providerProbe()) : await look(message, await open(), codec);
      tell({ kind: 'answer', id, value });
    } catch (error) {
      tell({ kind: 'refused', id, error: explain(error) });
    }
  };

  const then = (work: () => Promise<void>) => {
    last = last.then(work);
  };
  port.onMessage((received) => {
    const message = received as ToRunner; // the service is the only one at the other end
    switch (message.kind) {
      case 'setup':
        setup = message;
        return;
      case 'run':
        running.set(message.job, new AbortController());
        return then(() => run(message));
      case 'cancel':
        return running.get(message.job)?.abort();
      case 'gate':
        return gate.set(message.isClosed);
      case 'measure':
      case 'select':
        return then(() => answer(message));
    }
  });
  tell({ kind: 'ready' });
}

/** Holds a job between its steps while the queue is paused. */
class StepGate {
  #isClosed = false;
  #waiting: (() => void)[] = [];

  set(isClosed: boolean): void {
    this.#isClosed = isClosed;
    if (!isClosed) for (const go of this.#waiting.splice(0)) go();
  }

  /** Undefined when it is open. A cancelled job does not wait. */
  wait(signal: AbortSignal): Promise<void> | undefined {
    if (!this.#isClosed || signal.aborted) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

async function look(
  { checkpoint, source, word, region, prompt }: Select,
  engine: Engine,
  codec: ImageCodec,
): Promise<Answers['select']> {
  const looked = await readSource(source, 'the picture', codec);
  const { map } = await engine.select({
    checkpoint,
    source: looked,
    word,
    ...(region && { region }),
    ...(prompt !== undefined && { prompt }),
  });
  return { word, map };
}
