import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptWrapperFrom } from '../../src/pipeline/promptWrapper.js';
import { temporaryFolder } from '../helpers/commandLine.js';

test('a named template gives what stands before and after a question', () => {
  const { opening, end } = promptWrapperFrom('/')('chatml');
  assert.match(opening, /<\|im_start\|>user\n$/);
  assert.match(end, /^<\|im_end\|>/);
});

test('a template that does not exist is refused', () => {
  assert.throws(() => promptWrapperFrom('/')('chatlm'), { code: 'ERR_PIPELINE_INVALID' });
});

test('a tokenizer is looked for relative to the folder', () => {
  const folder = temporaryFolder();
  assert.throws(
    () => promptWrapperFrom(folder)({ tokenizer: 'nowhere' }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_MODEL_LOAD');
      assert.ok(error.message.includes(folder), error.message);
      return true;
    },
  );
});
