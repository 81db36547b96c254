import { register, syncBuiltinESMExports } from 'node:module';
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

type Done = (error: Error | null, bytes?: Buffer) => void;

/** With options before the callback, or without. */
function atOnce(work: (bytes: zlib.InputType, options?: zlib.ZlibOptions) => Buffer) {
  return (bytes: zlib.InputType, ...rest: [Done] | [zlib.ZlibOptions, Done]): void => {
    const done = rest.at(-1) as Done;
    try {
      done(null, rest.length === 2 ? work(bytes, rest[0]) : work(bytes));
    } catch (error) {
      done(error as Error);
    }
  };
}

Object.assign(zlib, { gzip: atOnce(zlib.gzipSync), gunzip: atOnce(zlib.gunzipSync) });
syncBuiltinESMExports();
