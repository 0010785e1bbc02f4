/** How the contract's words travel: calls and events over any carrier that keeps messages whole and in order. */
export { CallError, type Client, openClient } from './client.ts';
export { decodeFrame, encodeFrame, FrameError, jsonOf } from './frame.ts';
export { type Handlers, hostCalls } from './host.ts';
export { Mailbox, type Port, portPair } from './port.ts';
export { changedQueue } from './queue.ts';
