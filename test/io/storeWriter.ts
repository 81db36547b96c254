import { systemClock } from '../../src/backends/clock.js';
import { nodeFiles } from '../../src/io/files.js';
import { openStore } from '../../src/io/store.js';
import { keyOf, textOf } from './storeReplies.js';

/**
 * A process of its own that stores replies first … and says `acked N` for each that is durable:
 *   node storeWriter.js <store> <run> <first> <count>
 */
const [path, run, first, count] = process.argv.slice(2) as [string, string, string, string];
const { nowMs, sleep } = systemClock;
const store = await openStore(path, run, { files: nodeFiles, nowMs, sleep });
const end = Number(first) + Number(count);
const waiting: Promise<void>[] = [];
for (let number = Number(first); number < end; number++) {
  waiting.push(
    store.put(keyOf(number), textOf(number)).then(
      () => void process.stdout.write(`acked ${number}\n`),
      (error: { code: string }) => void process.stdout.write(`failed ${error.code}\n`),
    ),
  );
  if (number % 20 === 0) await sleep(1);
}
await Promise.all(waiting);
await store.close().catch((error: { code: string }) => void process.stdout.write(`failed ${error.code}\n`));
process.stdout.write('closed\n');
