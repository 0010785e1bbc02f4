import { decodeFrame, encodeFrame, Mailbox, openClient, type Port } from '../../../transport/index.ts';
import type { Carrier } from './carrier.ts';

/** The WebSocket of `attune serve`; the page's cookie lets it in. */
export function openSocketCarrier({ protocol, host }: Pick<Location, 'protocol' | 'host'>): Carrier {
  const url = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/engine`;
  return {
    kind: 'socket',
    connect: () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url);
        socket.binaryType = 'arraybuffer';
        socket.addEventListener('open', () => resolve(openClient(portOf(socket))), { once: true });
        socket.addEventListener(
          'error',
          () => reject(new Error('Attune is not answering. Is "attune serve" still running?')),
          {
            once: true,
          },
        );
      }),
  };
}

function portOf(socket: WebSocket): Port {
  const mailbox = new Mailbox();
  socket.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer) mailbox.deliver(decodeFrame(new Uint8Array(data)));
  });
  socket.addEventListener('close', () => mailbox.close());
  return {
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(encodeFrame(message) as Uint8Array<ArrayBuffer>);
    },
    onMessage: (listener) => mailbox.listen(listener),
    onClose: (listener) => mailbox.onClose(listener),
    close: () => socket.close(),
  };
}
