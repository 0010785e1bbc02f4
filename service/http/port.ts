import type { WebSocket } from 'ws';
import { encodeFrame, FrameError, Mailbox, type Port } from '../../transport/index.ts';
import { readFrame } from './incoming.ts';
import { Inflow } from './inflow.ts';
import { Latest } from './latest.ts';

/** From here on, pictures of a running job wait until the client has read what it was sent. */
const SLOW_BYTES = 4 * 1024 * 1024;
/** A client that lets this much pile up reads nothing any more. */
const MAX_WAITING_BYTES = 1024 * 1024 * 1024;

/** A client whose unanswered calls hold this much is not read until some are answered. */
const MAX_UNANSWERED_BYTES = 64 * 1024 * 1024;

/** A WebSocket of `attune serve` as a port. What the other side sends can end its own socket and nothing else. */
export function portOf(socket: WebSocket): Port {
  const mailbox = new Mailbox();
  const latest = new Latest();
  const inflow = new Inflow(MAX_UNANSWERED_BYTES);
  let isRefused = false;
  const refuse = (code: number, reason: string) => {
    isRefused = true;
    socket.close(code, reason);
  };
  const drained = () => {
    if (socket.bufferedAmount <= SLOW_BYTES) for (const message of latest.take()) write(message);
  };
  const write = (message: unknown) => {
    if (isRefused || socket.readyState !== socket.OPEN) return;
    let frame: Uint8Array;
    try {
      frame = encodeFrame(message);
    } catch {
      // Longer than a string can be: nobody would get an answer, so the client must ask anew.
      return refuse(1011, 'The answer is too large.');
    }
    if (socket.bufferedAmount + frame.length > MAX_WAITING_BYTES) return socket.terminate();
    socket.send(frame, { binary: true }, drained);
  };
  socket.on('message', (data, isBinary) => {
    if (isRefused) return;
    if (!isBinary || !Buffer.isBuffer(data)) return refuse(1003, 'Only binary frames are understood.');
    let message: unknown;
    try {
      // As plain bytes: a slice of a Buffer would keep the whole frame alive.
      message = readFrame(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    } catch (error) {
      return refuse(1007, error instanceof FrameError ? `Not a message: ${error.message}.` : 'Not a message.');
    }
    inflow.came(message, data.length);
    if (inflow.isFull) socket.pause();
    mailbox.deliver(message);
  });
  socket.on('close', () => mailbox.close());
  // Frames that break the protocol are answered by `ws` itself, with the right code.
  socket.on('error', () => {});
  return {
    send(message) {
      inflow.went(message);
      if (socket.isPaused && !inflow.isFull) socket.resume();
      if (!latest.holds(message, socket.bufferedAmount > SLOW_BYTES)) write(message);
    },
    onMessage: (listener) => mailbox.listen(listener),
    onClose: (listener) => mailbox.onClose(listener),
    close: () => socket.close(1000),
  };
}
