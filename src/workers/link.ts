import { createMessageReader, decodeMessage, encodeMessage } from './messages.js';

/** A way to the other end, and back. Messages arrive in order, or the link is closed. */
export interface WorkerLink<Sent, Received> {
  /** Does nothing once the link is closed. */
  send(message: Sent): void;
  /** To be called once. `onClose` is called once, however the link ends. */
  listen(onMessage: (message: Received) => void, onClose: () => void): void;
  close(): void;
}

/** A socket, as far as a link needs it. */
export interface Wire {
  write(bytes: Uint8Array): unknown;
  /** Ends it once what was written is out. */
  destroySoon(): unknown;
  /** Does not keep the process alive any more. */
  unref(): unknown;
  on(event: 'data', listener: (piece: Uint8Array) => void): unknown;
  on(event: 'close' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** A link over an open socket; `read` is what came with its opening. */
export function linkOver<Sent extends { kind: string }, Received>(
  wire: Wire,
  read: Uint8Array = new Uint8Array(),
): WorkerLink<Sent, Received> {
  let isClosed = false;
  let tellClosed = (): void => {};

  /** A peer that has stopped takes nothing more, so nobody waits for the socket's own end. */
  function close(): void {
    if (isClosed) return;
    isClosed = true;
    wire.destroySoon();
    wire.unref();
    queueMicrotask(() => tellClosed());
  }

  // Its close follows.
  wire.on('error', () => {});
  wire.on('close', close);
  // A server's sockets stay half open when the other end's process is gone.
  wire.on('end', close);
  return {
    send(message) {
      if (!isClosed) wire.write(encodeMessage(message));
    },
    listen(onMessage, onClose) {
      tellClosed = onClose;
      const take = createMessageReader((bytes) => {
        if (!isClosed) onMessage(decodeMessage<Received>(bytes));
      });
      const takeOrClose = (piece: Uint8Array): void => {
        try {
          if (!isClosed) take(piece);
        } catch {
          // What is no message comes from no worker of ours.
          close();
        }
      };
      if (read.length > 0) takeOrClose(read);
      wire.on('data', takeOrClose);
    },
    close,
  };
}
