/** The service as composition roots see it: `attune serve`, the desktop application's service process, tests. */
export { openService } from './open.ts';
export { forkRunner } from './runner/fork.ts';
export { openPulse, silentSentence } from './runner/pulse.ts';
export type { RunnerProcess, Service } from './service.ts';
export { occupantOf, occupy } from './store/occupant.ts';
