import type { Client } from '../../../transport/index.ts';
import { openShellCarrier } from './shell.ts';
import { openSocketCarrier } from './socket.ts';

/** How this page reaches the service: the desktop shell's port, or a WebSocket to `attune serve`. */
export interface Carrier {
  readonly kind: 'shell' | 'socket';
  /** Opens one connection; rejects with a sentence. */
  connect(): Promise<Client>;
}

export function findCarrier(): Carrier {
  return window.attuneShell === undefined ? openSocketCarrier(window.location) : openShellCarrier(window.attuneShell);
}
