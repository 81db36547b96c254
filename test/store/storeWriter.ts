import { closeSync, openSync } from 'node:fs';
import { systemClock } from '../../src/clock.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { type Store, openStore } from '../../src/store/store.js';
import { keyOf, textOf } from './storeReplies.js';

/**
 * A process of its own that stores replies first … and says `acked N` for each that is durable:
 *   node storeWriter.js <store> <run> <first> <count>
 */
const [path, run, first, count] = process.argv.slice(2) as [string, string, string, string];
const { nowMs, sleep } = systemClock;

function say(word: string, what: string | number): void {
  process.stdout.write(`${word} ${what}\n`);
}

function sayFailure({ code, message }: { code: string; message: string }): void {
  say('failed', code);
  say('said', message);
}

/** All that the process may open but so many; until the store is open. */
function holdHandles(free: number): number[] {
  const held: number[] = [];
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {
    for (let at = 0; at < free; at++) closeSync(held.pop()!);
  }
  return held;
}

const free = process.env['FREE_HANDLES'];
const held = free === undefined ? [] : holdHandles(Number(free));
const store = await openStore(path, run, { files: nodeFiles, nowMs, sleep }).catch(sayFailure);
for (const handle of held) closeSync(handle);
if (store) {
  process.stdout.write('opened\n');
  await write(store);
}

async function write(store: Store): Promise<void> {
  const end = Number(first) + Number(count);
  const waiting: Promise<void>[] = [];
  for (let number = Number(first); number < end; number++) {
    waiting.push(store.put(keyOf(number), textOf(number)).then(() => say('acked', number), sayFailure));
    if (number % 20 === 0) await sleep(1);
  }
  await Promise.all(waiting);
  await store.close().catch(sayFailure);
  process.stdout.write('closed\n');
}
