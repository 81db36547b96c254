import assert from 'node:assert/strict';
import { test } from 'node:test';
import { omittedText, printPlan, unheldText } from '../../src/pipeline/printPlan.js';
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

test('the plan says who holds replies to a schema, and the check says where nobody does', async () => {
  const withSchema = (tiny: string, properties: string): string => `name: sound
models:
  tiny: { llamaCpp: { path: ../models/tiny.gguf${tiny} } }
  server: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: m } }
  service: { anthropic: { replicas: ["https://127.0.0.1:9"], model: c, apiKeyEnv: KEY } }
source: { jsonl: { path: x.jsonl, columns: { question: string, response: string } } }
steps:
  - judge: { model: server, criteria: [{ name: sound, description: x, scale: [1, 5] }] }
  - prompt: { model: tiny, prompt: '{{ question }}', json: { type: object, properties: { ${properties} }, required: [topic] } }
  - prompt: { model: service, prompt: 'Of {{ question }}.', json: { type: object, properties: { level: { type: integer, minimum: 1 } } } }
    label: level
`;
  const held = await checkText(withSchema('', 'topic: { type: string, pattern: "^a" }'));
  const text = printPlan(held);
  for (const line of [
    'server: sent as response_format; each reply is checked here too',
    'tiny: held by a grammar, but for pattern; each reply is checked here too',
    'service: sent as output_config.format, but for minimum; each reply is checked here too',
  ])
    assert.ok(text.includes(`\n      schema ${line}\n`), `${line} in\n${text}`);
  assert.equal(unheldText(held), null);

  const free = await checkText(withSchema('', 'topic: { type: string }, more: { type: string }'));
  assert.equal(
    unheldText(free),
    'no server holds replies to the schema of prompt, tiny: replies are checked here alone, for its property more may be left out',
  );
  const off = await checkText(withSchema(', schemas: none', 'topic: { type: string }'));
  assert.match(unheldText(off)!, /for `schemas: none`$/);
});

test('what is left out is said in words, and nothing where nothing is', () => {
  assert.equal(omittedText({ omitted: { columns: [], exports: {} } }), null);
  const text = omittedText({ omitted: { columns: ['reward'], exports: { pairs: 'chosen' } } })!;
  for (const name of ['reward', 'pairs', 'chosen']) assert.ok(text.includes(name), name);
});
