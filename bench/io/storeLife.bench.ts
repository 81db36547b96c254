import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock, wallNowMs } from '../../src/clock.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { openStore } from '../../src/store/store.js';
import { pruneStore } from '../../src/store/tools/pruneStore.js';
import { textOf } from '../endpoint/texts.js';
import { flag } from '../figures.js';
import { anonymousOf } from '../million/starts.js';

/**
 * What the store does in the life of a long run: bytes written for one that is kept, the time and memory that a prune of all of it
 * takes, and how long after it came a reply is durable, where so many come a second.
 *   npm run bench:storelife -- [--replies=1200000] [--perSecond=5000] [--seconds=20]
 */

const replies = flag('replies', 1_200_000);
const perSecond = flag('perSecond', 5000);
const seconds = flag('seconds', 20);
const IN_FLIGHT = 2000;
const KINDS = 5000;
const MIB = 2 ** 20;
const RUN = 'bench';

/** About as long as those of the simulated server in bench:million. */
const texts = Array.from({ length: KINDS }, (_, at) => {
  const text = textOf('solution', at * 7, at * 31 + 5, { tokens: 80, ended: true });
  return JSON.stringify(['complete', 'solver', 80, [[text, 'stop', 80]]]);
});

const folder = mkdtempSync(join(tmpdir(), 'scalequest-storelife-'));
try {
  const mean = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / KINDS;
  console.log(`${process.version}; replies of ${mean.toFixed(0)} bytes`);
  await writeAndPrune(join(folder, 'pruned'));
  await lag(join(folder, 'lag'));
} finally {
  rmSync(folder, { recursive: true });
}

function open(path: string): ReturnType<typeof openStore> {
  return openStore(path, RUN, { files: nodeFiles, nowMs: wallNowMs, sleep: systemClock.sleep });
}

function keyOf(at: number): string {
  return createHash('sha256').update(`${at}`).digest('binary').slice(0, 16);
}

async function writeAndPrune(path: string): Promise<void> {
  const writtenBefore = bytesWritten();
  const store = await open(path);
  for (let at = 0; at < replies; at += IN_FLIGHT) {
    const count = Math.min(IN_FLIGHT, replies - at);
    await Promise.all(Array.from({ length: count }, (_, of) => put(store, at + of)));
  }
  await store.close();
  const kept = bytesOf(path);
  const written = bytesWritten();
  const ratio = written === null ? '-' : ((written - writtenBefore!) / kept).toFixed(2);
  console.log(
    `${replies} replies written: ${(kept / MIB).toFixed(0)} MiB kept, ${ratio} bytes written for one kept`,
  );
  const before = anonymousOf(process.pid);
  let most = before;
  const timer = setInterval(() => (most = Math.max(most ?? 0, anonymousOf(process.pid) ?? 0)), 20);
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const removed = await pruneStore(nodeFiles, path, { run: RUN });
  const wallS = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(timer);
  console.log(
    `${removed.replies} replies pruned in ${wallS.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU, ` +
      `${before === null ? '-' : (most! - before).toFixed(0)} MiB more than before`,
  );
}

function put(store: Awaited<ReturnType<typeof open>>, at: number): Promise<void> {
  return store.put(keyOf(at), texts[at % KINDS]!);
}

async function lag(path: string): Promise<void> {
  const store = await open(path);
  const lags: number[] = [];
  const waiting: Promise<void>[] = [];
  const startedMs = performance.now();
  let sent = 0;
  for (let nowMs = 0; nowMs < 1000 * seconds; nowMs = performance.now() - startedMs) {
    for (; sent < (nowMs * perSecond) / 1000; sent++) {
      const cameMs = performance.now();
      waiting.push(put(store, sent).then(() => void lags.push(performance.now() - cameMs)));
    }
    await sleep(2);
  }
  await Promise.all(waiting);
  await store.close();
  lags.sort((a, b) => a - b);
  const at = (share: number): string => lags[Math.floor(share * (lags.length - 1))]!.toFixed(0);
  console.log(
    `${perSecond} replies a second for ${seconds} s: durable after ${at(0.5)} ms, 99 % after ${at(0.99)} ms, all after ${at(1)} ms`,
  );
}

/**
 * By system calls of this process, zeros that reserve space included. (`write_bytes` counts a whole large page of the file cache where
 * 4 KiB of it are written.) Null where the system does not tell.
 */
function bytesWritten(): number | null {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);
  } catch {
    return null;
  }
}

function bytesOf(path: string): number {
  return readdirSync(path).reduce((sum, name) => sum + 512 * statSync(join(path, name)).blocks, 0);
}
