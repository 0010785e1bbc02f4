/** The service as composition roots see it: `attune serve`, the desktop application's service process, tests. */
export type { RunnerProcess, Service, ServiceOptions } from './service.ts';
