import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { solve } from '../../models/solver.js';
import type { Column } from '../../src/arrow/columnType.js';
import { columnValues } from '../../src/arrow/read.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { readParquetBlocks } from '../../src/io/parquet/readParquet.js';
import { toBatches } from '../../src/io/sources/toBatches.js';

/**
 * The rows of a run with the exact solver's answer, as JSON Lines: `question`, `response`, `kind`, `answer`.
 *   node dist/bench/method/truth.js RUN OUT.jsonl response|responses
 */
const [folder, out, name] = process.argv.slice(2);
if (folder === undefined || out === undefined || (name !== 'response' && name !== 'responses')) {
  throw new Error('usage: truth.js RUN OUT.jsonl response|responses');
}
const columns: Column[] = [
  { name: 'question', type: 'string', help: '', nullable: true },
  { name, type: name === 'response' ? 'string' : 'list<string>', help: '', nullable: true },
];
const lines: string[] = [];
const shards = join(folder, 'shards');
const paths = readdirSync(shards)
  .sort()
  .map((name) => join(shards, name));
const request = { paths, columns, batchRows: 1024 };
for await (const batch of toBatches(readParquetBlocks(nodeFiles, request), request)) {
  const [questions, responses] = columns.map((column) => columnValues(batch, column.name));
  for (let row = 0; row < batch.numRows; row++) {
    const question = questions![row] as string;
    const given = responses![row] as string | string[];
    const verdict = solve(question);
    const answer = verdict.kind === 'sound' ? verdict.answer : null;
    const response = typeof given === 'string' ? given : (given[0] ?? '');
    lines.push(JSON.stringify({ question, response, kind: verdict.kind, answer }));
  }
}
writeFileSync(out, lines.map((line) => `${line}\n`).join(''));
