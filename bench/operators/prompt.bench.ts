// CPU a call of `prompt` beside `respond`, by turns, with a model that costs nothing.
// npm run build && node dist/bench/operators/prompt.bench.js [--rows=4000] [--rounds=9]
import type { BatchOperator } from '../../src/flow/batch.js';
import { collectRows } from '../../src/run/collectRows.js';
import { createContext } from '../../src/run/open/createContext.js';
import { fromRows } from '../../src/flow/fromRows.js';
import { prompt } from '../../src/operators/prompt.js';
import { respond } from '../../src/operators/respond.js';
import { answeringModel } from '../replay/answers.js';
import { benchValues } from '../kernels/rows.js';
import { flag, spread } from '../figures.js';

const rows = flag('rows', 4000);
const rounds = flag('rounds', 9);

const questions = (benchValues(0, rows)[1] as string[]).map((question) => ({ question }));
const context = createContext({ seed: 1, models: { m: answeringModel('m') } });
const sampling = { model: 'm', temperature: 0.7, topP: 0.95, tokensMax: 160 };
const template = '{{ question }}\nPlease reason step by step.';

const ARMS = {
  respond: () => respond({ ...sampling, n: 1, prompt: template }, context),
  prompt: () => prompt({ ...sampling, prompt: template }, context),
};

async function cpuUsOf(name: keyof typeof ARMS): Promise<number> {
  const read = fromRows({ question: 'string' }, questions);
  const before = process.cpuUsage();
  const step = ARMS[name]() as BatchOperator<{ question: string }>;
  const { rows: kept } = await collectRows({ read, limit: rows }, (source) => source.pipe(step));
  const { user, system } = process.cpuUsage(before);
  if (kept.length !== rows) throw new Error(`${name} kept ${kept.length} of ${rows} rows`);
  return (user + system) / rows;
}

// Once for the compiler.
for (const name of ['respond', 'prompt'] as const) await cpuUsOf(name);
const figures: { respond: number; prompt: number }[] = [];
for (let round = 0; round < rounds; round++) {
  const first = round % 2 === 0 ? 'respond' : 'prompt';
  const other = first === 'respond' ? 'prompt' : 'respond';
  const one = { [first]: await cpuUsOf(first), [other]: await cpuUsOf(other) };
  figures.push(one as { respond: number; prompt: number });
}
console.log(`${rows} calls, ${rounds} rounds by turns; µs of CPU a call, median and range`);
for (const name of ['respond', 'prompt'] as const)
  console.log(
    `${name.padEnd(8)} ${spread(
      figures.map((one) => one[name]),
      1,
    )}`,
  );
console.log(
  `prompt / respond ${spread(
    figures.map((one) => one.prompt / one.respond),
    2,
  )}`,
);
