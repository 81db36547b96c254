import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exitCodes.js';
import { printError } from '../../src/cli/printError.js';
import { PipelineProblems, ScaleQuestError } from '../../src/errors.js';

/** What it printed, and the exit code. */
function printed(t: TestContext, error: unknown): { code: number; text: string } {
  let text = '';
  const write = t.mock.method(process.stderr, 'write', (chunk: string) => {
    text += chunk;
    return true;
  });
  try {
    const code = printError(error);
    return { code, text };
  } finally {
    write.mock.restore();
  }
}

test('an error is told with its code, and has the exit code of its kind', (t) => {
  const error = new ScaleQuestError('ERR_MODEL_UNREACHABLE', 'no server answers');
  const { code, text } = printed(t, error);
  assert.equal(text, 'no server answers [ERR_MODEL_UNREACHABLE]\n');
  assert.equal(code, EXIT_CODES.model);
});

test('mistakes in a file are told one by one, and counted', (t) => {
  const one = new ScaleQuestError('ERR_PIPELINE_INVALID', 'expected a number');
  const two = new ScaleQuestError('ERR_PIPELINE_COLUMN', 'reads "x"');
  const both = printed(t, new PipelineProblems([one, two]));
  assert.equal(
    both.text,
    'expected a number [ERR_PIPELINE_INVALID]\nreads "x" [ERR_PIPELINE_COLUMN]\n\n2 mistakes found; nothing was sent or written.\n',
  );
  assert.equal(both.code, EXIT_CODES.invalidPipeline);
  const online = printed(t, new PipelineProblems([new ScaleQuestError('ERR_MODEL_REFUSED', 'no key')]));
  assert.match(online.text, /\n1 mistake found; nothing was written\.\n$/);
  assert.equal(online.code, EXIT_CODES.model);
});

test('what the system refuses while a module is loaded is told with what to do', (t) => {
  const cause = { code: 'EMFILE', syscall: 'open', path: '/lib/store.js' };
  const refused = printed(t, Object.assign(new Error('EMFILE: too many open files'), cause));
  assert.match(refused.text, /\/lib\/store\.js.*Raise the limit \(`ulimit -n`\).*\[ERR_IO_READ\]\n$/);
  assert.equal(refused.code, EXIT_CODES.io);
});

test('any other error is a bug, shown with its stack', (t) => {
  const bug = printed(t, new TypeError('x is not a function'));
  assert.match(bug.text, /^TypeError: x is not a function\n    at .*\nThis is a bug in scalequest: /s);
  assert.equal(bug.code, EXIT_CODES.failed);
});
