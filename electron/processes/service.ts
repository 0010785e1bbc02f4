import { AttuneError } from '../../engine/index.ts';
import { foldersOf } from '../../native/folders.ts';
import { homeOf } from '../../native/home.ts';
import { openService, type Service } from '../../service/index.ts';
import { hostCalls } from '../../transport/index.ts';
import type { FromService, ServiceSetup, ToService } from '../messages.ts';
import { portOf } from './port.ts';
import { openRunners } from './runners.ts';

/** The process of queue, store and settings, as a utility process. The main process brings it ports and the paths of grants. */
const { parentPort } = process;
const send = (message: FromService) => parentPort.postMessage(message);
const runners = openRunners(send);
// The main process wrote it.
const { version, embedded, sample, outputs } = JSON.parse(process.argv.at(-1) ?? '{}') as ServiceSetup;
const opened = open();
opened.catch((error: unknown) => {
  // A sentence of ours has a way out in it; for anything else, ending shows that something is wrong.
  if (!(error instanceof AttuneError)) throw error;
  send({ kind: 'failed', sentence: error.message });
});

parentPort.on('message', ({ data, ports: [port] }) => {
  const message = data as ToService; // of our own main process
  if (message.kind === 'runner' && port !== undefined) runners.joined(message.id, port);
  else if (message.kind === 'runnerExit') runners.ended(message.id, message.code);
  else if (message.kind === 'runnerBeat') runners.beat(message.id);
  else void opened.then((service) => hear(service, message, port)).catch(() => {});
});

async function open(): Promise<Service> {
  const { env, platform } = process;
  const home = homeOf(env);
  return openService({
    folders: foldersOf({ platform, home, env }),
    version,
    embedded,
    sample,
    outputs,
    env,
    home,
    startRunner: runners.start,
  });
}

async function hear(service: Service, message: ToService, port: Parameters<typeof portOf>[0] | undefined) {
  if (message.kind === 'editor' && port !== undefined) {
    const { handlers, subscribe, explain } = service;
    hostCalls(portOf(port), { handlers, subscribe, explain, isShell: true });
  } else if (message.kind === 'grant') {
    service.grant(message.grant, message.path);
    send({ kind: 'granted', grant: message.grant });
  } else if (message.kind === 'close') {
    await service.close();
    send({ kind: 'closed' });
  }
}
