import { decodeFrame, encodeFrame, Mailbox, openClient, type Port } from '../../../transport/index.ts';
import type { Carrier } from './carrier.ts';
import { whyNoSocket } from './whynot.ts';

/** The WebSocket of `attune serve`, beside the page wherever a proxy shows that; the page's cookie lets it in. */
export function openSocketCarrier({ href }: Pick<Location, 'href'>): Carrier {
  const place = new URL('./engine', href);
  return {
    kind: 'socket',
    connect: () =>
      new Promise((resolve, reject) => {
        // A relative address, and the page's own scheme, are not known to all browsers that are served.
        const socket = new WebSocket(place.href.replace(/^http/, 'ws'));
        socket.binaryType = 'arraybuffer';
        socket.addEventListener('open', () => resolve(openClient(portOf(socket))), { once: true });
        socket.addEventListener('error', () => whyNoSocket(place).then((why) => reject(new Error(why))), {
          once: true,
        });
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
