import type { AttuneShell } from '../../../contract/index.ts';
import { Mailbox, openClient, type Port } from '../../../transport/index.ts';
import type { Carrier } from './carrier.ts';

declare global {
  interface Window {
    readonly attuneShell?: AttuneShell;
  }
}

/** The desktop shell: a MessagePort straight into the service process. */
export function openShellCarrier(shell: AttuneShell): Carrier {
  return {
    kind: 'shell',
    connect: () =>
      new Promise((resolve) => {
        const take = (event: MessageEvent) => {
          const [port] = event.ports;
          if (event.source !== window || event.data !== 'attune:port' || port === undefined) return;
          window.removeEventListener('message', take);
          resolve(openClient(portOf(port)));
        };
        window.addEventListener('message', take);
        shell.connect();
      }),
  };
}

function portOf(port: MessagePort): Port {
  const mailbox = new Mailbox();
  port.addEventListener('message', ({ data }) => mailbox.deliver(data));
  port.addEventListener('close', () => mailbox.close());
  port.start();
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => mailbox.listen(listener),
    onClose: (listener) => mailbox.onClose(listener),
    close: () => {
      port.close();
      mailbox.close();
    },
  };
}
