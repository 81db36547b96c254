import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openJson } from '../../../src/io/files/seal.js';
import { LOG_FILE, changedLogLines, openRunLog } from '../../../src/io/runFolder/runLog.js';

test('one line an event, with its time; a second opening goes on behind the first', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-log-'));
  const now = (): Date => new Date(Date.UTC(2026, 0, 2, 3, 4, 5));
  for (const kept of [10, 20]) {
    const log = await openRunLog(nodeFiles, folder, now);
    await log.write({ event: 'committed', next: 2 * kept, kept });
    await log.close();
  }
  const at = '2026-01-02T03:04:05.000Z';
  const lines = readFileSync(join(folder, LOG_FILE), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(openJson(line).body) as unknown),
    [
      { at, event: 'committed', next: 20, kept: 10 },
      { at, event: 'committed', next: 40, kept: 20 },
    ],
  );
});

test('a line that a kill has cut off goes before the next is written; a changed one is found by its number', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-log-'));
  const path = join(folder, LOG_FILE);
  const write = async (...kepts: number[]): Promise<void> => {
    const log = await openRunLog(nodeFiles, folder, () => new Date(0));
    for (const kept of kepts) await log.write({ event: 'committed', next: kept, kept });
    await log.close();
  };
  await write(1, 2);
  appendFileSync(path, '{"at":"19');
  assert.deepEqual(await changedLogLines(nodeFiles, folder), [], 'cut off');
  await write(3);
  const whole = readFileSync(path, 'utf8');
  assert.equal(whole.split('\n').length, 4);
  assert.deepEqual(await changedLogLines(nodeFiles, folder), []);
  writeFileSync(path, whole.replace('"kept":2', '"kept":3'));
  assert.deepEqual(await changedLogLines(nodeFiles, folder), [2]);
  writeFileSync(path, whole.slice(0, -1) + '\v');
  assert.deepEqual(await changedLogLines(nodeFiles, folder), [3], 'its line end');
  appendFileSync(path, '{"at":"19');
  assert.deepEqual(await changedLogLines(nodeFiles, folder), [3], 'and a line cut off behind it');
});
