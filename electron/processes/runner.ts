import { startPulse } from '../../service/runner/pulse.ts';
import { hostRunner } from '../../service/runner/run.ts';
import { portOf } from './port.ts';

/** The main process reads it. */
const STDOUT_FD = 1;

/** The process that runs networks, as a utility process: the first message brings its port. */
process.parentPort.once('message', ({ ports: [port] }) => {
  if (port === undefined) return;
  const opened = portOf(port);
  // Nobody is left to work for.
  opened.onClose(() => process.exit(0));
  startPulse(STDOUT_FD);
  hostRunner(opened);
});
