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
// Ctrl-C in a terminal reaches the whole group; the service decides when its runner ends.
process.on('SIGINT', () => {});
startPulse(PULSE_FD);
hostRunner(port);
