import { openWorker } from './openWorker.js';

/** One worker of a run on this machine: node workerProcess.js URL, with the token in the environment. */

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

try {
  await openWorker({ url: process.argv[2]!, signal: stop.signal });
} catch (error) {
  const { code = 'bug', message } = error as { code?: string; message: string };
  process.stderr.write(`${message} [${code}]\n`);
  process.exit(1);
}
process.exit(0);
