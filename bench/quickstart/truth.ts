import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Column, ColumnType } from '../../src/arrow/columnType.js';
import { columnValues } from '../../src/arrow/read.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { readParquetBlocks } from '../../src/io/parquet/readParquet.js';
import { toBatches } from '../../src/io/sources/toBatches.js';
import { printTable } from '../../src/run/report/report.js';
import { gradeBoxed, solve } from '../../models/solver.js';

/**
 * The truth about a run of the quickstart, by the exact solver of the bundled model's world, which no pipeline sees:
 *   npm run bench:truth -- runs/quickstart
 */

interface KeptRow {
  question: string;
  responses: string[];
  response: string;
  difficulty: number;
}

interface LostRow {
  question: string | null;
  step: string;
}

const folder = process.argv[2] ?? join('runs', 'quickstart');
const steps = (
  JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as { funnel: { step: string }[] }
).funnel;
const kept = await readRows<KeptRow>(join(folder, 'shards'), {
  question: 'string',
  responses: 'list<string>',
  response: 'string',
  difficulty: 'float64',
});
const lost = await readRows<LostRow>(join(folder, 'rejects'), { question: 'string', step: 'string' });

const sound = kept.flatMap((row) => {
  const truth = solve(row.question);
  return truth.kind === 'sound' ? [{ ...row, answer: truth.answer }] : [];
});
const share = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
const responses = sound.flatMap((row) => row.responses.map((response) => gradeBoxed(response, row.answer)));
const right = (rows: typeof sound): number =>
  rows.filter(({ response, answer }) => gradeBoxed(response, answer)).length;
const oracle = sound.filter(({ responses: all, answer }) =>
  all.some((response) => gradeBoxed(response, answer)),
);

console.log(`${folder}: ${kept.length} rows kept, ${sound.length} of them sound questions\n`);
console.log(
  printTable(
    ['answers to the kept sound questions', 'right', 'of', 'share'],
    [
      [
        'one sample',
        `${responses.filter(Boolean).length}`,
        `${responses.length}`,
        share(responses.filter(Boolean).length, responses.length),
      ],
      [
        'kept answer (best by the verifier)',
        `${right(sound)}`,
        `${sound.length}`,
        share(right(sound), sound.length),
      ],
      [
        'any of the samples (oracle)',
        `${oracle.length}`,
        `${sound.length}`,
        share(oracle.length, sound.length),
      ],
    ],
  ),
);

console.log();
const at = (step: string): number => steps.findIndex((each) => each.step === step);
const alive = (step: string): string[] => [
  ...kept.map(({ question }) => question),
  ...lost.flatMap((row) => (row.question !== null && at(row.step) > at(step) ? [row.question] : [])),
];
console.log(
  printTable(
    ['questions after', 'questions', 'not sound', 'share'],
    ['generate', 'deduplicate', 'filterLanguage', 'judgeSolvability', 'keepBest']
      .filter((step) => at(step) >= 0)
      .map((step) => {
        const questions = alive(step);
        const flawed = questions.filter((question) => solve(question).kind !== 'sound').length;
        return [step, `${questions.length}`, `${flawed}`, share(flawed, questions.length)];
      }),
  ),
);

async function readRows<Row>(path: string, columns: Record<keyof Row & string, ColumnType>): Promise<Row[]> {
  const wanted = Object.entries<ColumnType>(columns).map(([name, type]): Column => ({
    name,
    type,
    help: '',
    nullable: true,
  }));
  const rows: Row[] = [];
  const paths = readdirSync(path)
    .sort()
    .map((name) => join(path, name));
  const request = { paths, columns: wanted, batchRows: 1024 };
  for await (const batch of toBatches(readParquetBlocks(nodeFiles, request), request)) {
    const values = wanted.map(({ name }) => columnValues(batch, name));
    for (let row = 0; row < batch.numRows; row++) {
      rows.push(Object.fromEntries(wanted.map(({ name }, column) => [name, values[column]![row]])) as Row);
    }
  }
  return rows;
}
