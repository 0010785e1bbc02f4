import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';

/** A process of Node that is for its program what Electron's utility process is: `process.parentPort`, and ports that are brought to it. */
type FromParent =
  | { readonly to: 'parentPort'; readonly message: unknown; readonly ports: readonly number[] }
  | { readonly to: 'port'; readonly id: number; readonly message: unknown }
  | { readonly to: 'closed'; readonly id: number };

class ChildPort extends EventEmitter {
  readonly #id: number;
  #queue: unknown[] = [];
  #isStarted = false;

  constructor(id: number) {
    super();
    this.#id = id;
  }

  postMessage(message: unknown): void {
    process.send?.({ from: 'port', id: this.#id, message });
  }

  start(): void {
    this.#isStarted = true;
    for (const message of this.#queue.splice(0)) this.receive(message);
  }

  receive(message: unknown): void {
    if (this.#isStarted) this.emit('message', { data: message, ports: [] });
    else this.#queue.push(message);
  }

  close(): void {
    process.send?.({ from: 'close', id: this.#id });
  }
}

const ports = new Map<number, ChildPort>();
const early: unknown[] = [];
const parentPort = Object.assign(new EventEmitter(), {
  postMessage: (message: unknown) => void process.send?.({ from: 'parentPort', message }),
});
// As Electron has it: what comes before somebody listens, waits.
parentPort.on('newListener', (event) => {
  if (event !== 'message') return;
  setImmediate(() => {
    for (const given of early.splice(0)) parentPort.emit('message', given);
  });
});
process.on('message', (given: FromParent) => {
  if (given.to === 'port') return ports.get(given.id)?.receive(given.message);
  if (given.to === 'closed') return ports.get(given.id)?.emit('close');
  const moved = given.ports.map((id) => {
    const port = new ChildPort(id);
    ports.set(id, port);
    return port;
  });
  const event = { data: given.message, ports: moved };
  if (parentPort.listenerCount('message') === 0) early.push(event);
  else parentPort.emit('message', event);
});
process.on('disconnect', () => process.exit(0));
Object.defineProperty(process, 'parentPort', { value: parentPort });

const [, , program = ''] = process.argv;
await import(pathToFileURL(program).href);
