import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { madeQuestions } from '../dedup/texts.js';
import { flag, wordFlag } from '../figures.js';
import { startRun } from './starts.js';

/**
 * How long a run of many questions takes to go on after a kill. No model is asked: questions come from a file and go through
 * `deduplicate`, so that the state, the files to compare and the index are those of a run with models, and are there soon. The run is
 * killed at 98 % of its rows; then it is started again and again, and killed at its first new row.
 *   node dist/bench/million/restart.bench.js [--questions=2000000] [--responseChars=500] [--starts=2] [--keep=FOLDER]
 * Each question is made from one of the 100,000 that bench:dedup tries. `--keep` holds the folder, and goes on with it.
 */

const questions = flag('questions', 2_000_000);
const responseChars = flag('responseChars', 500);
const starts = flag('starts', 2);
const kept = wordFlag('keep');
const MADE = 100_000;
const KILLED_AT = 0.98;

const folder = kept ?? mkdtempSync(join(tmpdir(), 'scalequest-restart-'));
mkdirSync(folder, { recursive: true });
const at = (name: string): string => join(folder, name);
const run = { file: at('pipeline.yaml'), store: 'none', out: at('run') };
try {
  if (!existsSync(at('questions.jsonl'))) await writeQuestions();
  if (!existsSync(run.out)) await fill();
  for (let start = 0; start < starts; start++) await startAgain();
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true });
}

/** The names of the places make a question another one, in all of its 3-grams, in each round. */
function roundOf(question: string, round: number): string {
  return round === 0 ? question : question.replaceAll(/[a-z]+/gi, (word) => `${word}${round}`);
}

async function writeQuestions(): Promise<void> {
  const made = madeQuestions(MADE);
  const file = createWriteStream(at('questions.jsonl'));
  const response = 'word '.repeat(Math.ceil(responseChars / 5)).slice(0, responseChars);
  for (let row = 0; row < questions; row++) {
    const question = roundOf(made[row % MADE]!, Math.floor(row / MADE));
    if (!file.write(`${JSON.stringify({ question, response: `${row} ${response}` })}\n`))
      await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  writeFileSync(
    run.file,
    `name: restart
seed: 7
source:
  jsonl: { path: questions.jsonl, columns: { question: string, response: string } }
  batchRows: 512
  windowRows: 4096
steps:
  - deduplicate: { similarityMin: 0.7 }
output: { columns: [question, response] }
`,
  );
}

async function fill(): Promise<void> {
  const { wallS, progress } = await startRun({
    ...run,
    killOnce: ({ rows }) => rows >= KILLED_AT * questions,
  });
  const { rows = 0, cpuS = 0 } = progress ?? {};
  console.log(
    `${process.version}, load ${loadavg()[0]!.toFixed(1)}: ${rows} of ${questions} rows in ${wallS.toFixed(0)} s, ` +
      `${((1e6 * cpuS) / rows).toFixed(0)} us of CPU a row; killed`,
  );
}

async function startAgain(): Promise<void> {
  const { progress, memoryMiB } = await startRun({
    ...run,
    killOnce: ({ firstRowMs }) => firstRowMs !== null,
  });
  const mostMiB = Math.max(...memoryMiB.map((mib) => mib ?? 0));
  console.log(
    `load ${loadavg()[0]!.toFixed(1)}: first new row after ${((progress?.firstRowMs ?? 0) / 1000).toFixed(1)} s, ` +
      `${progress?.cpuS.toFixed(1)} s of CPU by then; at row ${progress?.rows}, ${mostMiB.toFixed(0)} MiB anonymous`,
  );
}
