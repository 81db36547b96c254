import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { judgeText } from '../../../src/backends/sandbox/judge.js';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';

test('the judge is the file beside its reader, and uses nothing of Python that costs a program its time', () => {
  const text = judgeText();
  assert.equal(text, readFileSync(join(PACKAGE_FOLDER, 'src/backends/sandbox/judge.py'), 'utf8'));
  const imports = [...text.matchAll(/^import (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(imports, ['os', 'sys', 'time', '_ctypes', 'binascii', 'builtins', 'resource', 'select']);
});
