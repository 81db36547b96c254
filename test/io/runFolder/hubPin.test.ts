import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../../../src/io/files/files.js';
import { hubPin } from '../../../src/io/runFolder/hubPin.js';
import { temporaryFolder } from '../../helpers/commandLine.js';

test('a commit is kept in the run folder; a damaged file is refused', async () => {
  const folder = temporaryFolder();
  const pin = hubPin(nodeFiles, folder);
  assert.equal(await pin.read(), null);
  await pin.write('a'.repeat(40));
  assert.equal(await hubPin(nodeFiles, folder).read(), 'a'.repeat(40));
  writeFileSync(join(folder, 'hub.json'), `{"commit":"${'b'.repeat(40)}"}\n`);
  await assert.rejects(pin.read(), { code: 'ERR_DATA_INVALID', message: /hub\.json.*--fresh/ });
});
