import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostCommand } from '../commandHost.js';

export interface FinishedRun {
  /** Of the pipeline file. */
  folder: string;
  file: string;
  run: string;
}

const made = new Map<string, Promise<FinishedRun>>();

/**
 * A pipeline of no model over `rows` questions with a reward, its file and its finished run; `lines` go below. Each call gives a
 * copy of its own: the run is made once in a process.
 */
export async function finishedRun(rows = 3, lines: readonly string[] = []): Promise<FinishedRun> {
  const key = JSON.stringify([rows, lines]);
  const original = made.get(key) ?? makeRun(rows, lines);
  made.set(key, original);
  return copyOf(await original);
}

/** A run made anew: unlike a copy, it names the folder of its own file. */
export async function makeRun(rows = 3, lines: readonly string[] = []): Promise<FinishedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-run-'));
  const questions = Array.from({ length: Math.max(1, rows) }, (_, at) => ({
    question: `What is ${at}?`,
    reward: at / 4,
  }));
  writeFileSync(join(folder, 'in.jsonl'), questions.map((row) => JSON.stringify(row)).join('\n'));
  const file = join(folder, 'pipeline.yaml');
  const source = 'source: { jsonl: { path: in.jsonl, columns: { question: string, reward: float64 } } }';
  const step = rows === 0 ? 'custom: { path: none.mjs }' : 'deduplicate: { similarityMin: null }';
  writeFileSync(
    join(folder, 'none.mjs'),
    `export default { drops: { all: 'all' }, row: (_, tools) => tools.drop('all') };`,
  );
  writeFileSync(file, ['name: small', source, `steps: [{ ${step} }]`, ...lines, ''].join('\n'));
  const run = join(folder, 'run');
  const { code, stderr } = await hostCommand(['run', file, '--out', run]);
  if (code !== 0) throw new Error(stderr);
  return { folder, file, run };
}

/** The same again, at another place. */
export function copyOf({ folder }: FinishedRun): FinishedRun {
  const copy = mkdtempSync(join(tmpdir(), 'scalequest-run-'));
  cpSync(folder, copy, { recursive: true });
  return { folder: copy, file: join(copy, 'pipeline.yaml'), run: join(copy, 'run') };
}
