import { type Gzip, createGzip } from 'node:zlib';

/** Compresses bytes as they come. */
export interface GzipWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Compresses the rest, and hands on the last bytes. */
  end(): Promise<void>;
  stop(): void;
}

/** zlib is given pieces of one size, so that its bytes never depend on how its input came. */
const PIECE_BYTES = 1 << 16;

/** What zlib gives is handed on when about so much has come. */
const GIVEN_BYTES = 1 << 16;

/** A gzip file in one member, fast rather than small. `use` is handed its bytes, in order; one call at a time. */
export function openGzip(use: (bytes: Uint8Array) => Promise<void>): GzipWriter {
  let gzip: Gzip | null = null;
  let piece = Buffer.alloc(0);
  let filled = 0;
  let given: Uint8Array[] = [];
  let givenBytes = 0;

  function started(): Gzip {
    if (gzip) return gzip;
    piece = Buffer.alloc(PIECE_BYTES);
    gzip = createGzip({ level: 1 });
    gzip.on('data', (bytes: Uint8Array) => {
      given.push(bytes);
      givenBytes += bytes.length;
    });
    return gzip;
  }

  async function handOn(): Promise<void> {
    const bytes = Buffer.concat(given);
    given = [];
    givenBytes = 0;
    await use(bytes);
  }

  async function write(bytes: Uint8Array): Promise<void> {
    const into = started();
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.subarray(at, at + PIECE_BYTES - filled);
      piece.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled < PIECE_BYTES) continue;
      // The piece is filled anew only when zlib has taken it.
      await settled((done) => into.write(piece, done));
      filled = 0;
      if (givenBytes >= GIVEN_BYTES) await handOn();
    }
  }

  return {
    write,
    async end() {
      const from = started();
      const ended = settled((done) => from.once('end', done).once('error', done));
      from.end(piece.subarray(0, filled));
      await ended;
      await handOn();
    },
    stop: () => void gzip?.destroy(),
  };
}

function settled(start: (done: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}
