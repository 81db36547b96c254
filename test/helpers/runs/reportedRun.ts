import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import type { ExampleRow, ReportData } from '../../../src/page/report/reportData.js';
import { type WhatIfRows, decodeNumbers } from '../../../src/page/report/whatIf.js';
import { hostCommand } from '../commandHost.js';

/** A row of the source of such a run. */
export interface ScoredRow {
  question: string;
  difficulty: number;
  responses: readonly string[];
  rewards: readonly number[];
}

export const STEPS = `
  - deduplicate: { similarityMin: 0.8 }
  - sampleDifficulty: { min: 0.2, max: 0.9 }
  - keepBest: { rewardMin: 0.5 }`;

/** Rows whose numbers look like those of a real run; no two are near-duplicates, but for every fortieth. */
export function scoredRows(count: number): ScoredRow[] {
  return Array.from({ length: count }, (_, at) => {
    const own = at % 40 === 39 ? at - 1 : at;
    const words = [own, own * 7, own * 13, own * 29]
      .map((each) => `w${each} v${each % 17} u${each % 23}`)
      .join(' ');
    const rewards = [0.37, 0.61, 0.93].map(
      (part) => ((at * part * 7.31) % 1000) / 1000 + ((at * 17) % 29) / 40,
    );
    return {
      question: `What is $x_{${own}}$ of ${words}${at === own ? '' : ' then'}?`,
      difficulty: ((at * 0.6180339887) % 1) * 1.02 - 0.01,
      responses: ['\\boxed{1}', '\\boxed{1}', 'It is \\boxed{2}.'],
      rewards: rewards.map((each) => Math.min(1, each)),
    };
  });
}

export interface ReportedRun {
  folder: string;
  file: string;
  run: string;
}

/** A pipeline without a model over these rows, and its run. */
export async function reportedRun(
  rows: readonly ScoredRow[],
  lines: readonly string[] = [],
  steps = STEPS,
): Promise<ReportedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-report-'));
  const columns =
    '{ question: string, difficulty: float64, responses: list<string>, rewards: list<float64> }';
  writeFileSync(join(folder, 'in.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
  const file = join(folder, 'pipeline.yaml');
  const text = [
    'name: scored',
    `source: { jsonl: { path: in.jsonl, columns: ${columns} } }`,
    ...lines,
    `steps:${steps}`,
    '',
  ];
  writeFileSync(file, text.join('\n'));
  const run = join(folder, 'run');
  await runAgain({ file, run }, []);
  return { folder, file, run };
}

/** Runs the file, and gives what the report of the run says. */
export async function runAgain(
  { file, run }: Pick<ReportedRun, 'file' | 'run'>,
  sets: readonly string[],
): Promise<number> {
  const { code, stderr } = await hostCommand([
    'run',
    file,
    '--out',
    run,
    ...sets.flatMap((set) => ['--set', set]),
  ]);
  // A run that ends short of its target says so by its code.
  if (code !== 0 && !stderr.includes('rows kept')) throw new Error(stderr);
  return (JSON.parse(readFileSync(join(run, 'report.json'), 'utf8')) as { rowsKept: number }).rowsKept;
}

/** What stands in a page. */
export function pageParts(run: string): {
  html: string;
  data: ReportData;
  examples: ExampleRow[];
  rows: WhatIfRows | null;
} {
  const html = readFileSync(join(run, 'report.html'), 'utf8');
  const block = (id: string): string => new RegExp(`id="${id}">([^<]*)</script>`).exec(html)![1]!;
  const bytes = (id: string): Buffer => Buffer.from(block(id), 'base64');
  const data = JSON.parse(block('data')) as ReportData;
  const examples = JSON.parse(inflateRawSync(bytes('examples')).toString()) as ExampleRow[];
  return {
    html,
    data,
    examples,
    rows: data.whatIf ? decodeNumbers(inflateRawSync(bytes('numbers')), data.whatIf) : null,
  };
}
