import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { printCopied } from '../../../src/cli/commands/init.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { startCommand, temporaryFolder } from '../../helpers/commandLine.js';

test('init, check: the quickstart in an empty folder', async () => {
  const folder = temporaryFolder();
  const { code, stdout } = await startCommand(['init'], folder).result;
  assert.equal(code, EXIT_CODES.ok);
  assert.match(
    stdout,
    /^Copied into this folder:\n {2}quickstart\.yaml\n {2}models\/tiny\.gguf\n {2}schema\.json\n/,
  );
  assert.match(stdout, /^ {2}line +\d+ {2}models {2}\S/m);
  const checked = await hostCommand(['check', 'quickstart.yaml'], folder);
  assert.deepEqual([checked.code, checked.stderr], [EXIT_CODES.ok, '']);
  const other = await hostCommand(['init', 'nowhere'], folder);
  assert.equal(other.code, EXIT_CODES.usage);
  assert.match(other.stderr, /called "nowhere"; expected one of: calibrate, .*quickstart.* \[ERR_USAGE\]/);
});

test('what to set and to install is said before what to type', () => {
  const text = printCopied({
    ...{ file: 'a.yaml', written: ['a.yaml'], kept: [], lines: new Map([['links', 12]]) },
    ...{ variables: ['QUESTIONS'], missing: 'the engine: npm install it' },
  });
  assert.equal(
    text,
    [
      ...['Copied into this folder:', '  a.yaml', ''],
      ...['What to edit in a.yaml:', '  line  12  links   what is done, one after the other', ''],
      ...['What to set in the environment:', '  QUESTIONS', ''],
      ...['What to install:', '  the engine: npm install it', ''],
      ...['Then:', '  npx scalequest check a.yaml', '  npx scalequest chain a.yaml'],
    ].join('\n'),
  );
});
