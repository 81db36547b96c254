import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model, TestRun } from '../../src/backends/model.js';
import { asserts, execute, inputs, lacksSandbox, openSandbox } from '../helpers/sandbox.js';
import { type Attack, SECRET, TESTS, hostilePrograms } from './attacks.js';

/**
 * Runs every hostile program in a real sandbox, and says what became of them, by kind. `--kind=memory` runs one kind, `--show` prints
 * each. Exits with 1 where one passed a test, saw the host, reached its network, left a process or a file, or stopped the run.
 */

const SLOTS = 2;

const kind = process.argv.find((word) => word.startsWith('--kind='))?.slice(7);
const shows = process.argv.includes('--show');

const lack = await lacksSandbox();
if (lack) {
  console.error(`No hostile program was run: ${lack}`);
  process.exit(1);
}

let connections = 0;
const server = createServer((socket) => {
  connections += 1;
  socket.destroy();
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
writeFileSync(join(folder, 'secret'), SECRET, { mode: 0o644 });
process.env['HOST_SECRET'] = SECRET;

interface Tried {
  attack: Attack;
  runs: TestRun[];
  faults: string[];
}

const before = foldersOf();
const model = await openSandbox({ slots: SLOTS, processesMax: 32, diskMiB: 16 });
const attacks = hostilePrograms(port).filter((attack) => kind === undefined || attack.kind === kind);
const started = performance.now();
const tried = await Promise.all(attacks.map((attack) => attempt(model, attack)));
const wallS = (performance.now() - started) / 1000;
const after = await execute(model, 'def answer(x): return 7 * x', asserts(...TESTS));
const stats = model.stats();
await model.close();
server.close();
const left = processesOf('python3 -S -s -B -c');

const faults = tried.flatMap(({ attack, faults: found }) =>
  found.map((fault) => `${attack.kind}: ${attack.name}: ${fault}`),
);
if (!after.every(({ isOk }) => isOk))
  faults.push(`an honest program fails afterwards: ${JSON.stringify(after)}`);
if (connections > 0) faults.push(`${connections} connections reached a server of the host`);
if (left.length > 0) faults.push(`processes are left: ${left.join('; ')}`);
if (stats.failures > 0) faults.push(`${stats.failures} calls failed: ${stats.trouble}`);
const now = foldersOf();
for (const [path, names] of Object.entries(before)) {
  const more = now[path]!.filter((name) => !names.includes(name) && !name.startsWith('hostile-'));
  if (path !== tmpdir() && more.length > 0) faults.push(`${path} has ${more.join(', ')}`);
}
rmSync(folder, { recursive: true });

printTable();
for (const fault of faults) console.error(`FAULT ${fault}`);
if (faults.length > 0) process.exitCode = 1;

async function attempt(sandbox: Model, attack: Attack): Promise<Tried> {
  const tests = attack.isScript === true ? inputs('6\n') : asserts(...TESTS);
  try {
    const runs = await execute(sandbox, attack.program, tests, { cpuSeconds: 1, memoryMiB: 128 });
    if (shows)
      console.log(
        `${attack.kind}: ${attack.name}: ${runs.map(({ isOk, text }) => `${isOk} ${text.slice(0, 100)}`).join(' | ')}`,
      );
    return { attack, runs, faults: faultsOf(attack, runs) };
  } catch (error) {
    return { attack, runs: [], faults: [`stopped the run: ${(error as Error).message}`] };
  }
}

function faultsOf(attack: Attack, runs: readonly TestRun[]): string[] {
  const found: string[] = [];
  const right = attack.isScript === true ? 'NEVER' : '';
  const passed = runs.filter(({ isOk, text }) => isOk && (attack.isScript !== true || text.trim() === right));
  if (passed.length > 0) found.push(`passed ${passed.length} of ${runs.length} tests`);
  const said = runs.map(({ text }) => text).join('\n');
  for (const sign of [SECRET, 'root:', 'HOST_SECRET', process.cwd()])
    if (said.includes(sign)) found.push(`saw ${sign}`);
  return found;
}

function printTable(): void {
  const kinds = [...new Set(attacks.map((attack) => attack.kind))];
  const width = Math.max(...kinds.map(({ length }) => length));
  console.log(`${'kind'.padEnd(width)}  programs  tests passed  first words of what went wrong`);
  for (const each of kinds) {
    const some = tried.filter(({ attack }) => attack.kind === each);
    const runs = some.flatMap((one) => one.runs);
    const passed = some
      .filter(({ attack }) => attack.isScript !== true)
      .flatMap((one) => one.runs)
      .filter(({ isOk }) => isOk).length;
    const words = new Map<string, number>();
    for (const { isOk, text } of runs)
      if (!isOk) words.set(wordsOf(text), (words.get(wordsOf(text)) ?? 0) + 1);
    const top = [...words].toSorted((a, b) => b[1] - a[1]).slice(0, 3);
    const shown = top.map(([text, count]) => `${text} ${count}`).join(', ');
    console.log(
      `${each.padEnd(width)}  ${String(some.length).padStart(8)}  ${String(passed).padStart(12)}  ${shown}`,
    );
  }
  console.log(
    `${attacks.length} hostile programs in ${wallS.toFixed(0)} s at ${SLOTS} slots; ${faults.length} faults`,
  );
}

function wordsOf(text: string): string {
  const [first] = text.split(/[:;]/);
  return first!.replace(/\d+/g, 'N').slice(0, 48);
}

function foldersOf(): Record<string, string[]> {
  return Object.fromEntries(
    ['/', '/tmp', '/dev/shm', '/var/tmp', process.cwd()]
      .filter((path) => existsSync(path))
      .map((path) => [path, readdirSync(path)]),
  );
}

/** Command lines of processes with these words. */
function processesOf(words: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(words) ? [`${pid} ${line.slice(0, 60)}`] : [];
    } catch {
      return [];
    }
  });
}
