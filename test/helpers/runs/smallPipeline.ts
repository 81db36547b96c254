import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../commandLine.js';

export const SMALL_TEXTS = [
  'What is 1 + 1?',
  'What is 1 + 1?',
  'Was ist das?',
  'What is the sum of two and three?',
  'What is 2 + 7?',
];

/** A pipeline file of five rows and one step, which needs no model, and a run folder that is not there yet. */
export function smallPipeline(): { file: string; out: string } {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'in.jsonl'),
    SMALL_TEXTS.map((question) => `${JSON.stringify({ question })}\n`).join(''),
  );
  const file = join(folder, 'pipeline.yaml');
  writeFileSync(
    file,
    [
      'name: small',
      'seed: 7',
      'source: { jsonl: { path: in.jsonl, columns: { question: string } }, batchRows: 2 }',
      'steps:',
      '  - deduplicate: { similarityMin: null }',
      'output: { columns: [seq, question], shardRows: 2 }',
      '',
    ].join('\n'),
  );
  return { file, out: join(folder, 'run') };
}
