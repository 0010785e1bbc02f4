import type { MessagePortMain } from 'electron';
import type { ChildProcess, ElectronApi } from './api.ts';
import type { FromService, ServiceSetup, ToService } from './messages.ts';

export interface ProcessesOptions {
  readonly api: Pick<ElectronApi, 'utilityProcess' | 'createChannel'>;
  readonly serviceFile: string;
  readonly runnerFile: string;
  readonly setup: ServiceSetup;
  /** It cannot run, for a reason that a user can mend. */
  readonly onFailed: (sentence: string) => void;
}

/** The service process and its runner. This process only starts them and joins their ports. */
export interface Processes {
  /** Joins a port to the service: an editor's. */
  connect(port: MessagePortMain): void;
  /** Resolves when the service knows the grant; rejects with a sentence where it ends before. */
  grant(grant: string, path: string): Promise<void>;
  /** Ends both after the service has closed its files. */
  close(): Promise<void>;
}

/** A service that ends more often than this in a row is not started again. */
const MAX_STARTS = 5;
const STEADY_MS = 60_000;
const CLOSE_MS = 5000;

const LOST = 'The engine ended while you chose; choose again.';

export function startProcesses({ api, serviceFile, runnerFile, setup, onFailed }: ProcessesOptions): Processes {
  let service: ChildProcess | undefined;
  let isClosing = false;
  let starts = 0;
  const runners = new Map<number, ChildProcess>();
  const granted = new Map<string, { resolve(): void; reject(error: Error): void }>();
  let onClosed: () => void = () => {};
  let closing: Promise<void> | undefined;

  const send = (message: ToService, ports: MessagePortMain[] = []) => service?.postMessage(message, ports);

  const startRunner = (id: number) => {
    const { port1, port2 } = api.createChannel();
    const runner = api.utilityProcess.fork(runnerFile, [], {
      serviceName: 'Attune engine',
      // Its beats come out where a program prints.
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    runners.set(id, runner);
    runner.postMessage({ kind: 'port' }, [port1]);
    const owner = service;
    runner.stdout?.on('data', () => {
      if (service === owner) send({ kind: 'runnerBeat', id });
    });
    runner.once('exit', (code) => {
      // A later service counts its runners from 1 again: this one is none of them.
      if (runners.get(id) === runner) runners.delete(id);
      if (service === owner) send({ kind: 'runnerExit', id, code });
    });
    send({ kind: 'runner', id }, [port2]);
  };

  const hear = (message: FromService) => {
    switch (message.kind) {
      case 'startRunner':
        startRunner(message.id);
        break;
      case 'killRunner':
        runners.get(message.id)?.kill();
        break;
      case 'granted':
        granted.get(message.grant)?.resolve();
        granted.delete(message.grant);
        break;
      case 'failed':
        isClosing = true;
        // It has nothing open that it would have to close.
        service?.kill();
        onFailed(message.sentence);
        break;
      case 'closed':
        onClosed();
        break;
    }
  };

  const startService = () => {
    starts += 1;
    const startedMs = Date.now();
    const child = api.utilityProcess.fork(serviceFile, [JSON.stringify(setup)], {
      serviceName: 'Attune service',
      stdio: 'inherit',
    });
    service = child;
    // Both ends are ours and of one version, so that the types are the check.
    child.on('message', (message) => hear(message as FromService));
    child.once('exit', () => {
      service = undefined;
      // Its runners work for nobody now; what they ran runs again.
      for (const runner of runners.values()) runner.kill();
      runners.clear();
      for (const { reject } of granted.values()) reject(new Error(LOST));
      granted.clear();
      onClosed();
      if (isClosing) return;
      if (Date.now() - startedMs > STEADY_MS) starts = 0;
      if (starts < MAX_STARTS) startService();
      else onFailed('Attune ends again and again right after it starts. Please report it, with what you did last.');
    });
  };

  const close = async () => {
    isClosing = true;
    if (service === undefined) return;
    const closed = new Promise<void>((resolve) => {
      onClosed = resolve;
    });
    send({ kind: 'close' });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([closed, late]);
    clearTimeout(timer);
    for (const runner of runners.values()) runner.kill();
    service?.kill();
  };

  startService();
  return {
    connect: (port) => {
      // Without a service the port closes, and the editor asks again.
      if (service === undefined) port.close();
      else send({ kind: 'editor' }, [port]);
    },
    grant: (grant, path) =>
      new Promise((resolve, reject) => {
        if (service === undefined) return reject(new Error(LOST));
        granted.set(grant, { resolve, reject });
        send({ kind: 'grant', grant, path });
      }),
    close() {
      // A user who quits twice does not start over.
      closing ??= close();
      return closing;
    },
  };
}
