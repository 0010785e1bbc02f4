import type { RunEvent } from '../../contract/index.ts';
import {
  AttuneError,
  type Engine,
  type FrameShape,
  type ImageCodec,
  type MemoryPlan,
  type Pixels,
  type RunOptions,
} from '../../engine/index.ts';
import { providerProbe } from '../../models/probe.ts';
import { openImageCodec } from '../../native/images.ts';
import type { Port } from '../../transport/index.ts';
import { explain } from '../explain.ts';
import { openLocalEngine } from '../open-engine.ts';
import { readSource, runJob } from './job.ts';
import type {
  Ask,
  EnlargeJob,
  FromRunner,
  LookJob,
  RunJob,
  Select,
  Setup,
  StreamJob,
  ToRunner,
  Answers as Values,
} from './messages.ts';
import { Answers, enlargeJob, lookJob, streamJob } from './stream.ts';

type Job = RunJob | StreamJob | LookJob | EnlargeJob;

/** A job that was told of. */
interface Running {
  readonly abort: AbortController;
  readonly answers: Answers;
  /** Frames of its source. */
  readonly given: Pixels[];
}

/**
 * The runner behind a port, whatever carries it: opens the engine, runs one thing after another, hears `cancel` between steps.
 * @param onFailure told whatever ends a job, before it is made a sentence
 */
export function hostRunner(port: Port, onFailure: (error: unknown) => void = () => {}): void {
  const codec = openImageCodec();
  const tell = (message: FromRunner) => port.send(message);
  const gate = new StepGate();
  let engine: { readonly key: string; readonly opened: Engine } | undefined;
  let setup: Setup | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const running = new Map<string, Running>();
  const tellBegin = (job: string) => (shape: FrameShape, memory: MemoryPlan) =>
    tell({ kind: 'begin', job, shape, memory });

  // Where the runtime cannot be loaded, whoever asks for it is told.
  const measuring = () => import('../../native/measure.ts');

  const open = async (): Promise<Engine> => {
    if (setup === undefined) throw new AttuneError('runtime-failed', 'The runner was not told what to run with.');
    const { version, places, scratch, provider } = setup;
    const key = JSON.stringify([version, places, scratch, provider]);
    if (engine?.key !== key) {
      await engine?.opened.close();
      engine = undefined;
      const { openRuntime } = await measuring();
      engine = {
        key,
        opened: openLocalEngine({ version, places, scratch, runtime: await openRuntime(providerProbe, { provider }) }),
      };
    }
    return engine.opened;
  };

  const run = async (message: Job) => {
    const { job } = message;
    const { abort, answers, given } = of(job);
    const { signal } = abort;
    try {
      const options = {
        signal,
        gate: () => gate.wait(signal),
        onEvent: (event: RunEvent) => {
          if (!signal.aborted) tell({ kind: 'event', job, event });
        },
      } satisfies RunOptions;
      const opened = await open();
      if (message.kind === 'run') {
        const { previews } = message;
        const onBegin = tellBegin(job);
        tell({ kind: 'done', job, ...(await runJob(opened, message, { ...options, previews, onBegin }, codec)) });
      } else if (message.kind === 'stream') {
        const result = await streamJob(opened, message, given, { ...options, tell, taken: () => answers.next() });
        tell({ kind: 'made', job, result });
      } else if (message.kind === 'look')
        tell({ kind: 'looked', job, result: await lookJob(opened, message, given, options) });
      else tell({ kind: 'enlarged', job, picture: await enlargeJob(opened, message, given, options) });
    } catch (error) {
      onFailure(error);
      tell({ kind: 'failed', job, error: explain(error) });
    } finally {
      running.delete(job);
    }
  };

  const of = (job: string): Running => {
    const known = running.get(job);
    if (known !== undefined) return known;
    const abort = new AbortController();
    const fresh = { abort, answers: new Answers(abort.signal), given: [] };
    running.set(job, fresh);
    return fresh;
  };

  const answer = async (message: Ask) => {
    const { id } = message;
    try {
      const value =
        message.kind === 'measure'
          ? await (await measuring()).measureProviders(providerProbe())
          : await look(message, await open(), codec);
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
      case 'given':
        return void of(message.job).given.push(message.frame);
      case 'run':
      case 'stream':
      case 'look':
      case 'enlarge':
        of(message.job);
        return then(() => run(message));
      case 'taken':
        return running.get(message.job)?.answers.take();
      case 'cancel':
        return running.get(message.job)?.abort.abort();
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
): Promise<Values['select']> {
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
