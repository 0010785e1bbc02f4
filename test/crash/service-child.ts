import { fileURLToPath } from 'node:url';
import { foldersOf } from '../../native/folders.ts';
import { forkRunner, openService } from '../../service/index.ts';
import { hostCalls, Mailbox } from '../../transport/index.ts';

/** The real service with real runners on the folders below a home, in a process that is killed. Its channel is the editor's port. */
const [home = ''] = process.argv.slice(2);
const service = await openService({
  folders: foldersOf({ platform: 'linux', home, env: {} }),
  version: '0.0.0',
  embedded: fileURLToPath(new URL('../../models/embedded', import.meta.url)),
  env: {},
  home,
  outputs: `${home}/outputs`,
  startRunner() {
    const runner = forkRunner();
    process.send?.({ runner: runner.pid });
    return runner;
  },
});
const inbox = new Mailbox();
process.on('message', (message) => inbox.deliver(message));
const { handlers, explain, subscribe } = service;
hostCalls(
  {
    send: (message) => void process.send?.(message),
    onMessage: (listener) => inbox.listen(listener),
    onClose: (listener) => inbox.onClose(listener),
    close: () => {},
  },
  { handlers, explain, subscribe, isShell: true },
);
process.on('disconnect', () => void service.close().then(() => process.exit(0)));
