import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../src/io/files/files.js';
import { lastCheckpoint, modelProblem } from '../../src/train/modelFolder.js';

/** A file in the safetensors format with one tensor of so many bytes. */
function safetensors(bytes = 8): Buffer {
  const head = Buffer.from(
    JSON.stringify({
      __metadata__: { format: 'pt' },
      w: { dtype: 'F32', shape: [bytes / 4], data_offsets: [0, bytes] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  return Buffer.concat([length, head, Buffer.alloc(bytes)]);
}

function folderOf(
  files: Record<string, string | Buffer>,
  folder = mkdtempSync(join(tmpdir(), 'model-')),
): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const CONFIG = { 'config.json': '{}' };
const whole = safetensors();
const INDEX = JSON.stringify({ weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' } });

const CASES: [why: string, files: Record<string, string | Buffer>, problem: RegExp | null][] = [
  ['whole', { ...CONFIG, 'model.safetensors': whole }, null],
  [
    'in parts',
    {
      ...CONFIG,
      'model-1.safetensors': whole,
      'model-2.safetensors': whole,
      'model.safetensors.index.json': INDEX,
    },
    null,
  ],
  ['an adapter', { 'adapter_config.json': '{}', 'adapter_model.safetensors': whole }, null],
  ['older weights', { ...CONFIG, 'pytorch_model.bin': 'x' }, null],
  ['empty', {}, /found no config\.json or adapter_config\.json in/],
  ['no weights', CONFIG, /found no weights in/],
  ['a torn config', { 'config.json': '{"a":', 'model.safetensors': whole }, /config\.json is not JSON/],
  [
    'cut off in its weights',
    { ...CONFIG, 'model.safetensors': whole.subarray(0, -3) },
    /is cut off: it has \d+ bytes of \d+/,
  ],
  [
    'cut off in its head',
    { ...CONFIG, 'model.safetensors': whole.subarray(0, 20) },
    /is cut off inside its head/,
  ],
  ['cut off at once', { ...CONFIG, 'model.safetensors': whole.subarray(0, 5) }, /is cut off: it has 5 bytes/],
  ['another format', { ...CONFIG, 'model.safetensors': Buffer.alloc(64, 'x') }, /is no safetensors file/],
  [
    'a part is missing',
    { ...CONFIG, 'model-1.safetensors': whole, 'model.safetensors.index.json': INDEX },
    /found no model-2\.safetensors/,
  ],
];

for (const [why, files, problem] of CASES) {
  test(`a model folder: ${why}`, async () => {
    const found = await modelProblem(nodeFiles, folderOf(files));
    if (problem === null) assert.equal(found, null);
    else assert.match(found!, problem);
  });
}

test('a file or nothing is no model folder', async () => {
  const folder = folderOf(CONFIG);
  assert.match((await modelProblem(nodeFiles, join(folder, 'config.json')))!, /found a file/);
  assert.match((await modelProblem(nodeFiles, join(folder, 'x')))!, /found nothing/);
});

test('the last checkpoint is the newest that is whole', async () => {
  const output = folderOf({});
  assert.equal(await lastCheckpoint(nodeFiles, join(output, 'x')), null);
  assert.equal(await lastCheckpoint(nodeFiles, output), null);
  const good = { ...CONFIG, 'model.safetensors': whole, 'trainer_state.json': '{}' };
  folderOf(good, join(output, 'checkpoint-9'));
  folderOf(good, join(output, 'checkpoint-10'));
  folderOf({ ...CONFIG, 'model.safetensors': whole }, join(output, 'checkpoint-20'));
  folderOf({ ...good, 'model.safetensors': whole.subarray(0, -1) }, join(output, 'checkpoint-30'));
  folderOf(good, join(output, 'checkpoint-x'));
  assert.equal(await lastCheckpoint(nodeFiles, output), join(output, 'checkpoint-10'));
});
