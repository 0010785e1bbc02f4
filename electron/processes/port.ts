import type { MessagePortMain } from 'electron';
import { Mailbox, type Port } from '../../transport/index.ts';

/** A port of Electron as the transport has it. */
export function portOf(port: MessagePortMain): Port {
  const inbox = new Mailbox();
  port.on('message', ({ data }) => inbox.deliver(data));
  port.on('close', () => inbox.close());
  port.start();
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => inbox.listen(listener),
    onClose: (listener) => inbox.onClose(listener),
    close: () => {
      port.close();
      inbox.close();
    },
  };
}
