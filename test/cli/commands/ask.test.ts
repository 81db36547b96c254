import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { hostCommand } from '../../helpers/commandHost.js';
import { temporaryFolder, writePipeline } from '../../helpers/commandLine.js';

const STEPS = [
  'limit: 12',
  'steps:',
  '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }',
  '  - respond: { model: tiny, tokensMax: 96 }',
];

test('ask: the questions of the first rows, then an answer with all that was sent; no file written', async () => {
  const folder = temporaryFolder();
  const file = writePipeline(folder, STEPS);
  const asked = await hostCommand(['ask', file, 'tiny', '-n', '2'], folder);
  assert.deepEqual([asked.code, asked.stderr], [0, '']);
  const [, first, second] = /^question 1\n(.+)\n\nquestion 2\n(.+)\n$/.exec(asked.stdout) ?? [];
  const preview = await hostCommand(
    ['preview', file, '-n', '2', '--set', 'steps.respond.enabled=false'],
    folder,
  );
  for (const question of [first, second])
    assert.ok(preview.stdout.includes(`question: ${question}\n`), asked.stdout);

  const question = 'Tom buys 3 apples and 4 pears. How many pieces of fruit has he?';
  const { code, stdout } = await hostCommand(['ask', file, 'tiny', '--question', question, '--raw'], folder);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^prompt {4}"<\|im_start\|>system.*Tom buys 3 apples.*<\|im_start\|>assistant\\n"\nsampling {2}temperature 0.7, topP 0.95, tokensMax 96, seed \d+\n\n/,
  );
  assert.match(
    stdout,
    /[^\n]\n\nend {7}stop: .*\ntokens {4}\d+ of the prompt, \d+ written\ntook {6}[\d.]+ s\n$/,
  );
  assert.deepEqual(readdirSync(folder), ['pipeline.yaml']);
});
