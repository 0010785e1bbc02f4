import type { Client } from '../../../transport/index.ts';

/** How this page reaches the service. */
export interface Carrier {
  readonly kind: 'shell' | 'socket';
  /** Opens one connection; rejects with a sentence. */
  connect(): Promise<Client>;
}
