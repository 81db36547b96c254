import { register, syncBuiltinESMExports } from 'node:module';
import { Transform, type TransformCallback } from 'node:stream';
import zlib from 'node:zlib';

/**
 * Makes this process a simulated one; import it before anything else, and the rest by `import()`. The network's last layer
 * is replaced, and gzip answers at once: threads of the system's own would come back in an order that no seed decides.
 */
const simulated = new URL('./simulatedHttpClient.js', import.meta.url).href;

const resolveHook = `
export async function resolve(specifier, context, next) {
  const isHttpClient = /\\/httpClient\\.js$/.test(specifier) && context.parentURL?.includes('/src/backends/');
  return isHttpClient ? { url: ${JSON.stringify(simulated)}, shortCircuit: true } : next(specifier, context);
}`;

register(`data:text/javascript,${encodeURIComponent(resolveHook)}`);

/** Takes all of its input before it gives anything. */
class AtOnce extends Transform {
  bytesWritten = 0;
  readonly #pieces: Buffer[] = [];
  readonly #work: (bytes: Buffer) => Buffer;

  constructor(work: (bytes: Buffer) => Buffer) {
    super();
    this.#work = work;
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    // Whoever wrote it may use its memory again.
    this.#pieces.push(Buffer.from(piece));
    this.bytesWritten += piece.length;
    done();
  }

  override _flush(done: TransformCallback): void {
    try {
      done(null, this.#work(Buffer.concat(this.#pieces)));
    } catch (error) {
      done(error as Error);
    }
  }
}

Object.defineProperties(zlib, {
  createGzip: {
    value: (options: zlib.ZlibOptions) => new AtOnce((bytes) => zlib.gzipSync(bytes, options)),
  },
  createGunzip: { value: () => new AtOnce((bytes) => zlib.gunzipSync(bytes)) },
});
syncBuiltinESMExports();
