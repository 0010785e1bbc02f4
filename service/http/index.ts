/** The served editor: pages and sockets of `attune serve`. */
export { order } from './door.ts';
export { type OpenServer, openServer } from './server.ts';
