import { connect } from 'node:net';
import { crc32, deflateSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { type Client, decodeFrame, encodeFrame, Mailbox, openClient } from '../transport/index.ts';

/** What speaks to a served Attune in tests: raw requests, sockets with any head, and the editor's own client. */

/** Sends bytes as they are and resolves to everything that comes back until the connection ends. */
export function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      answer += part;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}

/** The status line's code of a raw GET; 0 where nothing was answered. */
export async function statusOf(
  port: number,
  target: string,
  headers: readonly string[],
  method = 'GET',
): Promise<number> {
  const answer = await sendRaw(
    port,
    [`${method} ${target} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'),
  );
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
}

/** Resolves to the open socket, or to the status that refused it. */
export function dial(
  port: number,
  headers: Readonly<Record<string, string>>,
  path = '/engine',
): Promise<WebSocket | number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    socket.on('error', () => resolve(0));
  });
}

/** The code that the other side ends the socket with. */
export const closeCode = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.on('close', (code) => resolve(code)));

/** The editor's client over a socket. */
export function clientOver(socket: WebSocket): Client {
  const mailbox = new Mailbox();
  socket.on('message', (data: Buffer) => mailbox.deliver(decodeFrame(new Uint8Array(data))));
  socket.on('close', () => mailbox.close());
  return openClient({
    send: (message) => socket.send(encodeFrame(message)),
    onMessage: (listener) => mailbox.listen(listener),
    onClose: (listener) => mailbox.onClose(listener),
    close: () => socket.close(),
  });
}

/** A PNG of a few bytes that claims the size. */
export function hugePng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  // Plain bytes: a Buffer turns itself into JSON before a frame could take it.
  const file = Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1024))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return new Uint8Array(file);
}
