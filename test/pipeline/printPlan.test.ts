import assert from 'node:assert/strict';
import { test } from 'node:test';
import { omittedText, printPlan } from '../../src/pipeline/printPlan.js';
import { checkText, overridesOf } from '../helpers/runs/pipelineWorld.js';

const TEXT = `name: sound
seed: 3
target: 5
models:
  tiny: { llamaCpp: { path: ../models/tiny.gguf, sequences: 4 } }
  server: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: m } }
steps:
  - generate: { generators: [{ model: tiny }], tokensMax: 64 }
  - respond: { model: server, n: 2 }
output: { shardRows: 10 }
`;

test('the printed plan names steps, models, columns and the end', async () => {
  const text = printPlan(await checkText(TEXT, overridesOf('limit=50')));
  for (const part of [
    /^sound \(.*test\.yaml\), seed 3, identity [0-9a-f]{12}$/m,
    /^ends at 5 kept rows or 50 source rows, whichever comes first$/m,
    /^ 1 {2}generate: Writes questions/m,
    /^ {6}reads {2}–$/m,
    /^ {6}writes question, generator$/m,
    /^ {6}asks {3}tiny \(preQuery\)$/m,
    /^ 2 {2}respond: .*\n {6}reads {2}question$/m,
    /^output {2}seq: int32, question: string, generator: string, responses: list<string>$/m,
    /^ {2}server {2}\{"openai"/m,
  ])
    assert.match(text, part);
});

test('the printed plan says how it ends with one bound, and with none', async () => {
  assert.match(printPlan(await checkText(TEXT)), /^ends at 5 kept rows$/m);
  const files = 'name: sound\nsource: { jsonl: { path: rows.jsonl } }\nsteps: [{ deduplicate: {} }]\n';
  assert.match(printPlan(await checkText(files)), /^ends at the end of its source$/m);
});

test('what is left out is said in words, and nothing where nothing is', () => {
  assert.equal(omittedText({ omitted: { columns: [], exports: {} } }), null);
  const text = omittedText({ omitted: { columns: ['reward'], exports: { pairs: 'chosen' } } })!;
  for (const name of ['reward', 'pairs', 'chosen']) assert.ok(text.includes(name), name);
});
