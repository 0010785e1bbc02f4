import type { Carrier } from './carrier.ts';
import { openShellCarrier } from './shell.ts';
import { openSocketCarrier } from './socket.ts';

/** The desktop shell's port where there is one, otherwise the WebSocket of `attune serve`. */
export const findCarrier = (): Carrier =>
  window.attuneShell === undefined ? openSocketCarrier(window.location) : openShellCarrier(window.attuneShell);
