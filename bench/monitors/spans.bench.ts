import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Subject } from 'rxjs';
import { openOtlp } from '../../src/index.js';
import type { RunEvent } from '../../src/run/events.js';
import { flag, spread } from '../figures.js';

/**
 * What `--otlp` costs by itself, without a run around it: CPU of the first opening, of a run that traces nothing, and of a traced row with
 * one call (two spans). Unlike a ratio of two runs it does not drown in what other work does to a busy machine.
 *   npm run bench:spans -- [--rows=20000] [--rounds=5]
 */

const rows = flag('rows', 20_000);
const rounds = flag('rounds', 5);
/** As many as come in 10 ms at 10,000 calls a second: a queue that overflows would drop spans, and cost less. */
const ROWS_A_TURN = 20;

const child: ChildProcess = fork(fileURLToPath(new URL('./helper.js', import.meta.url)), ['collector']);
const [port] = (await once(child, 'message')) as [number];
process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${port}`;

const first = await costOf(0);
await costOf(rows);
const none: number[] = [];
const aRow: number[] = [];
for (let round = 0; round < rounds; round++) {
  const fixedMs = (await costOf(0)).cpuMs;
  const { cpuMs, unsent } = await costOf(rows);
  none.push(fixedMs);
  aRow.push(((cpuMs - fixedMs) * 1000) / rows);
  if (unsent > 0) console.error(`${unsent} spans were dropped: the figure is too small`);
}
child.disconnect();
console.log(`the first run of a process, loading included: ${first.cpuMs.toFixed(0)} ms of CPU`);
console.log(`a run that traces nothing: ${spread(none, 1)} ms`);
console.log(`a traced row with one call: ${spread(aRow, 1)} us`);

async function costOf(count: number): Promise<{ cpuMs: number; unsent: number }> {
  const before = process.cpuUsage();
  const otlp = await openOtlp({ share: 1 });
  const events = new Subject<RunEvent>();
  const plan = { name: 'spans', filled: new Map(), steps: [], models: {}, settings: { seed: 7 } };
  otlp.follow({ plan, folder: 'runs/spans', events, result: Promise.resolve() });
  for (let seq = 0; seq < count; seq++) {
    events.next(called(seq));
    if (seq % ROWS_A_TURN !== 0) continue;
    events.next({ event: 'delivered', watermark: Math.max(0, seq - 500), kept: seq });
    await delay(2);
  }
  const { spans } = await otlp.end();
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000, unsent: spans };
}

function called(seq: number): RunEvent {
  return {
    ...{ event: 'called', kind: 'complete', step: 'respond', model: 'solver', seq },
    ...{ choices: 1, tokensMax: 180, temperature: 1, topP: 0.99, finishes: ['stop'] },
    ...{ startedMs: Date.now() - 50, tookMs: 50.3, replica: 'http://127.0.0.1:8000/v1' },
    ...{ tries: 1, promptTokens: 30, completionTokens: 180, isStoreHit: false },
  };
}
