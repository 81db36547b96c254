import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { runCommand, temporaryFolder, writePipeline } from '../../helpers/commandLine.js';

const STEPS = ['limit: 12', 'steps:', '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }'];

test('preview: rows through every step, and no file written', async () => {
  const folder = temporaryFolder();
  const file = writePipeline(folder, [...STEPS, '  - deduplicate: {}']);
  const { code, stdout, stderr } = await runCommand('preview', file, '-n', '2');
  assert.match(stdout, /^row 0\n {2}generate[^]*\n\nrow 1\n {2}generate/);
  assert.ok(!stdout.includes('row 2'));
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(readdirSync(folder), ['pipeline.yaml']);
});
