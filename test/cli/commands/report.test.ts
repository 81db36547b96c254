import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { makeRun } from '../../helpers/runs/finishedRun.js';

test('report: names what it wrote; a flipped bit in the page is noticed', async () => {
  const { run, folder } = await makeRun();
  const { code, stdout } = await hostCommand(['report', run]);
  assert.equal(code, EXIT_CODES.ok);
  assert.match(stdout, new RegExp(`^${join(run, 'report.html')}\\n.*funnel.svg\\n`));
  const json = await hostCommand(['report', run, '--json']);
  assert.deepEqual(Object.keys(JSON.parse(json.stdout) as object), ['page', 'bytes', 'pictures']);
  for (const name of ['report.html', 'pictures/funnel.svg']) {
    const bytes = readFileSync(join(run, name));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(run, name), bytes);
    const found = await hostCommand(['verify', run]);
    assert.equal(found.code, EXIT_CODES.io);
    assert.match(found.stdout, new RegExp(`^changed {2}${name}: `, 'm'));
    await hostCommand(['report', run]);
  }
  const none = await hostCommand(['report', folder]);
  assert.equal(none.code, EXIT_CODES.io);
  assert.match(none.stderr, /holds no run/);
});
