import { join, resolve } from 'node:path';
import type { CompleteJob, FromEngine, Job } from '../../src/backends/llamaCpp/messages.js';
import { printTable } from '../../src/run/report/report.js';
import { flag, median, spread, wordFlag } from '../figures.js';
import { type EngineProcess, choicesOf, completion, startEngineProcess } from './engineProcess.js';

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
const TEXT =
  'A farmer has three fields. The first has 14 rows of 12 trees, the second 9 rows of 20, and the third twice as many trees ' +
  'as the first. In spring a storm fells every seventh tree of the second field. How many trees stand in the end? Think step ' +
  'by step, and then say Yes if the question can be answered, or No if it cannot.\nAnswer: ';

type Arm = EngineProcess;

let id = 0;

/** Prompts begin differently, so that none is evaluated already. */
function textOf(number: number): string {
  return `${number}. ${TEXT}`;
}

async function costOf(arm: Arm, job: Job): Promise<{ ms: number; reply: FromEngine }> {
  const before = arm.cpuMs();
  const reply = await arm.ask(job);
  return { ms: arm.cpuMs() - before, reply };
}

/** CPU of a token behind a prompt that is evaluated already. */
async function tokenMs(arm: Arm, text: string, change: Partial<CompleteJob>): Promise<number> {
  const { ms, reply } = await costOf(arm, completion(++id, text, { ...change, tokensMax: tokens }));
  return ms / choicesOf(reply)[0]!.tokens;
}

const KINDS = ['greedy', 'sampled', 'sampled95', 'oneToken', 'choice'] as const;
const options = { path, sequences: 1, contextTokens: undefined, gpu: false };
const arms: [string, Arm][] = [['now', await startEngineProcess('dist', options)]];
if (old) arms.unshift(['old', await startEngineProcess(join(old, 'dist'), options)]);
const costs = arms.map(
  () =>
    ({ greedy: [], sampled: [], sampled95: [], oneToken: [], choice: [] }) as Record<
      (typeof KINDS)[number],
      number[]
    >,
);
const chosen = new Map<number, string[]>();
for (let round = 0; round < rounds; round++) {
  const text = textOf(round);
  for (const [at, [, arm]] of arms.entries()) {
    const cost = costs[at]!;
    cost.oneToken.push((await costOf(arm, completion(++id, text))).ms);
    const kinds = [
      ['greedy', {}],
      ['sampled', { temperature: 1 }],
      ['sampled95', { temperature: 1, topP: 0.95 }],
    ] as const;
    // Another one begins in each round.
    for (const at of kinds.keys()) {
      const [kind, change] = kinds[(at + round) % kinds.length]!;
      cost[kind].push(await tokenMs(arm, text, change));
    }
    const prompt = [{ text, special: false }];
    const { ms, reply } = await costOf(arm, { kind: 'choose', id: ++id, prompt, options: [option, 'No'] });
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
  const loaded = arm.residentBytes();
  await write(arm, 200);
  const after200 = arm.residentBytes();
  let most = after200;
  const watch = setInterval(() => (most = Math.max(most, arm.residentBytes())), 250);
  const written = await write(arm, memoryTokens);
  clearInterval(watch);
  const megabytes = [loaded, after200, most].map((bytes) => (bytes / 1e6).toFixed(0));
  console.log(
    `${name}: ${megabytes[0]} MB before, ${megabytes[1]} after 200 tokens, at most ${megabytes[2]} within the next ${written}: ` +
      `${(most / after200).toFixed(2)} x`,
  );
  arm.kill();
}

/** As few completions as possible: between two of them, V8 may collect by itself. */
async function write(arm: Arm, atLeast: number): Promise<number> {
  let written = 0;
  while (written < atLeast) {
    const tokensMax = Math.min(3_000, atLeast - written);
    const reply = await arm.ask(completion(++id, textOf(1000 + id), { temperature: 1, stop: [], tokensMax }));
    written += choicesOf(reply)[0]!.tokens;
  }
  return written;
}
