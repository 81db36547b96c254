import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CompleteJob, FromEngine, Job } from '../../src/backends/llamaCpp/messages.js';
import type { PromptPart } from '../../src/backends/templates/template.js';
import { printTable } from '../../src/run/report/report.js';
import { flag, median, spread, wordFlag } from '../figures.js';

/**
 * The embedded engine on a GGUF file with a large vocabulary, on Linux: CPU of a greedy token, a sampled one and a choice, and
 * the memory of the engine's process while it writes. `--old` is a built checkout to compare with; the two take turns.
 *   npm run bench:gguf -- --path=gemma.gguf [--old=../old] [--rounds=5] [--tokens=100] [--memoryTokens=1500] [--option=Yes]
 * Goals: a choice at most 1.3 × a completion of one greedy token, a sampled token at most 1.5 × a greedy one, and memory at
 * most 1.2 × that after 200 tokens.
 */

const path = resolve(wordFlag('path') ?? 'models/tiny.gguf');
const old = wordFlag('old');
const rounds = flag('rounds', 5);
const tokens = flag('tokens', 100);
const memoryTokens = flag('memoryTokens', 1500);
const option = wordFlag('option') ?? 'Yes';
/** As Linux has it for every machine that we know: `getconf CLK_TCK`. */
const TICK_MS = 10;
const TEXT =
  'A farmer has three fields. The first has 14 rows of 12 trees, the second 9 rows of 20, and the third twice as many trees ' +
  'as the first. In spring a storm fells every seventh tree of the second field. How many trees stand in the end? Think step ' +
  'by step, and then say Yes if the question can be answered, or No if it cannot.\nAnswer: ';

interface Arm {
  child: ChildProcess;
  ask(job: Job): Promise<FromEngine>;
}

async function start(dist: string): Promise<Arm> {
  const file = join(dist, 'src/backends/llamaCpp/child.js');
  const child = fork(file, { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map<number, (message: FromEngine) => void>();
  await new Promise<void>((loaded, failed) => {
    child.on('message', (message: FromEngine) => {
      if (message.kind === 'loaded') return loaded();
      if (message.kind === 'loadFailed') return failed(new Error(message.message));
      if ('id' in message) waiting.get(message.id)!(message);
    });
    const options = { path, sequences: 1, contextTokens: undefined, gpu: false };
    child.send({ kind: 'load', options });
  });
  return {
    child,
    ask: (job) =>
      new Promise((resolveAsk) => {
        waiting.set(job.id, resolveAsk);
        child.send(job);
      }),
  };
}

let id = 0;

/** Prompts begin differently, so that none is evaluated already. */
function promptOf(number: number): PromptPart[] {
  return [{ text: `${number}. ${TEXT}`, special: false }];
}

function completion(change: Partial<CompleteJob>): CompleteJob {
  id += 1;
  return {
    ...{ kind: 'complete', id, prompt: promptOf(id), stop: ['~~~'], n: 1, tokensMax: 1 },
    ...{ temperature: 0, topP: 1, seed: 1 },
    ...change,
  };
}

function cpuMs(child: ChildProcess): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function residentBytes(child: ChildProcess): number {
  const kB = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))![1];
  return Number(kB) * 1024;
}

async function costOf(arm: Arm, job: Job): Promise<{ ms: number; reply: FromEngine }> {
  const before = cpuMs(arm.child);
  const reply = await arm.ask(job);
  return { ms: cpuMs(arm.child) - before, reply };
}

/** CPU of each token after the first. */
async function tokenMs(arm: Arm, change: Partial<CompleteJob>): Promise<number> {
  const first = await costOf(arm, completion({ ...change, tokensMax: 1 }));
  const { ms, reply } = await costOf(arm, completion({ ...change, tokensMax: tokens }));
  if (reply.kind !== 'completed') throw new Error(JSON.stringify(reply));
  return (ms - first.ms) / (reply.choices[0]!.tokens - 1);
}

const KINDS = ['greedy', 'sampled', 'sampled95', 'oneToken', 'choice'] as const;
const arms: [string, Arm][] = [['now', await start('dist')]];
if (old) arms.unshift(['old', await start(join(old, 'dist'))]);
const costs = arms.map(
  () =>
    ({ greedy: [], sampled: [], sampled95: [], oneToken: [], choice: [] }) as Record<
      (typeof KINDS)[number],
      number[]
    >,
);
const chosen = new Map<number, string[]>();
for (let round = 0; round < rounds; round++) {
  const question = promptOf(1000 + round);
  for (const [at, [, arm]] of arms.entries()) {
    const cost = costs[at]!;
    cost.greedy.push(await tokenMs(arm, {}));
    cost.sampled.push(await tokenMs(arm, { temperature: 1 }));
    cost.sampled95.push(await tokenMs(arm, { temperature: 1, topP: 0.95 }));
    cost.oneToken.push((await costOf(arm, completion({}))).ms);
    const options = [option, 'No'];
    const { ms, reply } = await costOf(arm, { kind: 'choose', id: ++id, prompt: question, options });
    cost.choice.push(ms);
    chosen.set(round, [
      ...(chosen.get(round) ?? []),
      JSON.stringify('probabilities' in reply && reply.probabilities),
    ]);
  }
}
const rows = arms.map(([name], at) => {
  if (rounds === 0) return [name, ...Array.from({ length: 8 }, () => '–')];
  const cost = costs[at]!;
  const over = (arm: number[], base: number[]): string =>
    spread(
      arm.map((ms, round) => ms / base[round]!),
      2,
    );
  return [
    name,
    ...KINDS.map((kind) => median(cost[kind]).toFixed(1)),
    ...[over(cost.sampled, cost.greedy), over(cost.sampled95, cost.greedy), over(cost.choice, cost.oneToken)],
  ];
});
console.log('CPU ms: a token, a completion of one token, a choice');
console.log(
  printTable(
    [
      'code',
      'greedy',
      'topP 1',
      'topP 0.95',
      'one token',
      'choice',
      'topP 1 / greedy',
      '0.95 / greedy',
      'choice / one token',
    ],
    rows,
  ),
);
for (const answers of chosen.values())
  console.log(`P(${option}), P(No): ${[...new Set(answers)].join(' | ')}`);

for (const [name, arm] of arms) {
  const loaded = residentBytes(arm.child);
  await write(arm, 200);
  const after200 = residentBytes(arm.child);
  let most = after200;
  const watch = setInterval(() => (most = Math.max(most, residentBytes(arm.child))), 250);
  const written = await write(arm, memoryTokens);
  clearInterval(watch);
  const megabytes = [loaded, after200, most].map((bytes) => (bytes / 1e6).toFixed(0));
  console.log(
    `${name}: ${megabytes[0]} MB before, ${megabytes[1]} after 200 tokens, at most ${megabytes[2]} within the next ${written}: ` +
      `${(most / after200).toFixed(2)} x`,
  );
  arm.child.kill('SIGKILL');
}

/** As few completions as possible: between two of them, V8 may collect by itself. */
async function write(arm: Arm, atLeast: number): Promise<number> {
  let written = 0;
  while (written < atLeast) {
    const tokensMax = Math.min(3_000, atLeast - written);
    const reply = await arm.ask(completion({ temperature: 1, stop: [], tokensMax }));
    if (reply.kind !== 'completed') throw new Error(JSON.stringify(reply));
    written += reply.choices[0]!.tokens;
  }
  return written;
}
