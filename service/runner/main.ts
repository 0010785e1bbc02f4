import { flushCompileCache } from 'node:module';
import { Mailbox, type Port } from '../../transport/index.ts';
import { PULSE_FD } from './fork.ts';
import { startPulse } from './pulse.ts';
import { hostRunner } from './run.ts';

/** Entry of the runner as a child process of Node: its channel is the port. Without its parent it ends. */
const inbox = new Mailbox();
const port: Port = {
  send: (message) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  },
  onMessage: (listener) => inbox.listen(listener),
  onClose: (listener) => inbox.onClose(listener),
  close: () => process.exit(0),
};
process.on('message', (message) => inbox.deliver(message));
process.on('disconnect', () => process.exit(0));
// Ctrl-C, the end of a terminal and `timeout` reach the whole group; the parent decides when its runner ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
startPulse(PULSE_FD);
// What Node keeps of its modules is kept below; where it cannot be loaded, jobs say so.
await import('../../native/measure.ts').catch(() => {});
hostRunner(port, (error) => {
  if (process.env.ATTUNE_DEBUG === '1') process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
});
// It is killed, not ended: what Node would keep of its modules at the end is kept now.
flushCompileCache();
