import i18n from 'i18next';
import { MAX_CALL_JSON_BYTES } from '../../../contract/index.ts';
import {
  CallError,
  decodeFrame,
  encodeFrame,
  jsonOf,
  Mailbox,
  openClient,
  type Port,
} from '../../../transport/index.ts';
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
      if (socket.readyState !== WebSocket.OPEN) return;
      const frame = encodeFrame(message) as Uint8Array<ArrayBuffer>;
      // The other end would close the socket.
      if (jsonOf(frame).length > MAX_CALL_JSON_BYTES)
        throw new CallError({ kind: 'usage', message: i18n.t('app.link.tooLarge') });
      socket.send(frame);
    },
    onMessage: (listener) => mailbox.listen(listener),
    onClose: (listener) => mailbox.onClose(listener),
    close: () => socket.close(),
  };
}
