import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { LOG_FILE, openRunLog } from '../../../src/io/runFolder/runLog.js';
import { earlierTotals } from '../../../src/run/monitor/earlierTotals.js';
import { NO_TOTALS } from '../../../src/run/monitor/totals.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

const asked = {
  ...{ requests: 3, retries: 0, failures: 0, promptTokens: 1, completionTokens: 2, storeHits: 1 },
};

function measured(elapsedS: number): object {
  const before = { starts: 1, wallS: 10, models: { m: asked } };
  return { event: 'measured', elapsedS, models: { m: { ...asked, inFlight: 2, queued: 1 } }, before };
}

async function logWith(...events: object[]): Promise<string> {
  const folder = temporaryFolder();
  const log = await openRunLog(nodeFiles, folder, () => new Date(0));
  for (const event of events) await log.write(event);
  await log.close();
  return folder;
}

test('the last measurement in the log tells what all earlier starts took', async () => {
  const committed = { event: 'committed', next: 1, kept: 1 };
  const folder = await logWith(measured(5), measured(7), ...Array.from({ length: 50 }, () => committed));
  assert.deepEqual(await earlierTotals(nodeFiles, folder), {
    ...{ starts: 2, wallS: 17 },
    models: {
      m: {
        ...{ requests: 6, retries: 0, failures: 0, promptTokens: 2, completionTokens: 4 },
        ...{ cachedTokens: 0, serverS: 0, storeHits: 2 },
      },
    },
  });
});

test('a log that is missing, torn, changed or of another version hurts nothing', async () => {
  assert.deepEqual(await earlierTotals(nodeFiles, temporaryFolder()), NO_TOTALS);
  const folder = await logWith(measured(5), { event: 'measured', elapsedS: 'long' }, measured(7));
  const path = join(folder, LOG_FILE);
  const changed = readFileSync(path, 'utf8').replace('"elapsedS":7', '"elapsedS":9');
  writeFileSync(path, changed);
  appendFileSync(path, '{"event":"measured","elapsedS":8,"mod');
  assert.equal((await earlierTotals(nodeFiles, folder)).wallS, 15, 'the last whole one counts');
  writeFileSync(path, Buffer.from([0xff, 0xfe, 0, 10, 0]));
  assert.deepEqual(await earlierTotals(nodeFiles, folder), NO_TOTALS);
});
