/** The served editor: pages and sockets of `attune serve`. */
export { type OpenServer, openServer } from './server.ts';
