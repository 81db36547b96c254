import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Model } from '../../src/backends/model.js';
import { openModel } from '../../src/backends/openModel.js';
import { deriveSeed } from '../../src/random.js';
import { printTable } from '../../src/run/report/report.js';
import { flag, spread, wordFlag } from '../figures.js';

/**
 * The same mix of calls at a real server (vLLM): of five choices, of one, and of one token, shuffled, all there at once. By turns
 * with the pool told nothing, told the slots, and, with `--old`, with the pool of another checkout that is built.
 *   node dist/bench/backends/mixedServer.bench.js --url=http://127.0.0.1:8000/v1 --model=m --slots=256
 *     [--rounds=2] [--five=120] [--one=600] [--oneToken=1500] [--tokensMax=320] [--template=qwen2-math] [--old=../other]
 * The lengths are the server's own; `--ignoreEos=1` makes each choice as long as `tokensMax` draws it, from a fifth to all of it.
 */

const url = wordFlag('url') ?? 'http://127.0.0.1:8000/v1';
const name = wordFlag('model') ?? 'm';
const template = wordFlag('template') ?? 'qwen2-math';
const old = wordFlag('old');
const slots = flag('slots', 256);
const rounds = flag('rounds', 2);
const tokensMax = flag('tokensMax', 320);
const ignoresEos = flag('ignoreEos', 0) === 1;
const COUNTS = { five: flag('five', 120), one: flag('one', 600), oneToken: flag('oneToken', 1500) };

type OpenModel = typeof openModel;

async function openOf(checkout: string): Promise<OpenModel> {
  const path = join(resolve(checkout), 'dist/src/backends/openModel.js');
  return ((await import(pathToFileURL(path).href)) as { openModel: OpenModel }).openModel;
}

const VARIANTS: { name: string; open: OpenModel; told: object }[] = [
  ...(old === undefined ? [] : [{ name: 'old, told nothing', open: await openOf(old), told: {} }]),
  { name: 'new, told nothing', open: openModel, told: {} },
  { name: 'new, told the slots', open: openModel, told: { slots } },
];

function kindsOf(round: number): (keyof typeof COUNTS)[] {
  const kinds = (Object.keys(COUNTS) as (keyof typeof COUNTS)[]).flatMap((kind) =>
    Array.from({ length: COUNTS[kind] }, () => kind),
  );
  const rank = kinds.map((_, at) => deriveSeed(round, 'order', at));
  return kinds
    .map((_, at) => at)
    .sort((a, b) => rank[a]! - rank[b]!)
    .map((at) => kinds[at]!);
}

async function ask(model: Model, kind: keyof typeof COUNTS, seq: number, round: number): Promise<void> {
  const message = { kind: 'user', text: `${round}.${seq}: what is ${seq} + ${round + 2}?` } as const;
  if (kind === 'oneToken') {
    await model.choose({ seq, message, options: ['Yes', 'No'] });
    return;
  }
  const seed = deriveSeed(round, 'seed', seq) & 0x7fffffff;
  const tokens = ignoresEos ? Math.ceil(tokensMax * (0.2 + (0.8 * (seed % 1000)) / 1000)) : tokensMax;
  await model.complete({
    seq,
    message,
    n: kind === 'five' ? 5 : 1,
    tokensMax: tokens,
    temperature: 1,
    topP: 1,
    seed,
  });
}

interface Outcome {
  seconds: number;
  tokensPerS: number;
  cpuMsACall: number;
  lost: number;
}

async function measure({ open, told }: (typeof VARIANTS)[number], round: number): Promise<Outcome> {
  const extra = ignoresEos ? { extra: { ignore_eos: true } } : {};
  const openai = { replicas: [url], model: name, ...told, ...extra };
  const model = await open('m', { openai, template } as Parameters<OpenModel>[1], { env: {}, folder: '.' });
  const kinds = kindsOf(round);
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const outcomes = await Promise.allSettled(kinds.map((kind, seq) => ask(model, kind, seq, round)));
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { completionTokens } = model.stats();
  await model.close();
  return {
    ...{ seconds, tokensPerS: completionTokens / seconds, cpuMsACall: (user + system) / 1000 / kinds.length },
    lost: outcomes.filter(({ status }) => status === 'rejected').length,
  };
}

const found = VARIANTS.map(() => [] as Outcome[]);
for (let round = 0; round < rounds; round++) {
  for (const [at, variant] of VARIANTS.entries()) found[at]!.push(await measure(variant, round));
}
console.log(
  printTable(
    ['pool', 'seconds, median (range)', 'tokens/s', 'client CPU, ms a call', 'lost'],
    VARIANTS.map(({ name: label }, at) => [
      ...[
        label,
        spread(
          found[at]!.map(({ seconds }) => seconds),
          2,
        ),
      ],
      ...[
        spread(
          found[at]!.map(({ tokensPerS }) => tokensPerS),
          0,
        ),
      ],
      ...[
        spread(
          found[at]!.map(({ cpuMsACall }) => cpuMsACall),
          2,
        ),
      ],
      `${found[at]!.reduce((sum, { lost }) => sum + lost, 0)}`,
    ]),
  ),
);
