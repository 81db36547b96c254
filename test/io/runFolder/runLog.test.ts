import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { LOG_FILE, openRunLog } from '../../../src/io/runFolder/runLog.js';

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
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { at, event: 'committed', next: 20, kept: 10 },
      { at, event: 'committed', next: 40, kept: 20 },
    ],
  );
});
