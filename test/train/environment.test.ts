import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineProblems, ScaleQuestError } from '../../src/errors.js';
import {
  filledCleanly,
  filledRemoved,
  filledRemover,
  secretRemover,
  withoutFilled,
} from '../../src/train/environment.js';

const ALL = {
  ...{
    PATH: '/bin',
    HOME: '/root',
    CUDA_VISIBLE_DEVICES: '1',
    HF_HOME: '/cache',
    LC_ALL: 'C',
    NONE: undefined,
  },
  ...{
    OPENAI_API_KEY: 'sk-secret-12345',
    HF_TOKEN: 'hf_token_98765',
    AWS_SECRET_ACCESS_KEY: 'x',
    WANDB_API_KEY: 'short',
  },
};

test('values of named variables are taken out of lines', () => {
  const clean = secretRemover(ALL, ['HF_TOKEN', 'WANDB_API_KEY']);
  assert.equal(clean('token=hf_token_98765 /bin short'), 'token=[key] /bin short');
});

test('what the environment filled in is named again, the longer one first', () => {
  const filled = new Map([
    ['MODEL', '/models/base'],
    ['A_KEY', 'hunter'],
    ['B_KEY', 'hunter-2/$&'],
    ['C_KEY', 'abc'],
  ]);
  const clean = filledRemover(filled);
  assert.equal(clean('/models/base hunter-2/$& hunter abc'), '${MODEL} ${B_KEY} ${A_KEY} abc');
  assert.equal(clean('?k=hunter-2%2F%24%26'), '?k=${B_KEY}');
});

test('a short word that is no secret by its name is found as a word alone', () => {
  const clean = filledRemover(
    new Map([
      ['SUBJECT', 'math'],
      ['PORT', '8000'],
      ['AUTH', 'pass'],
    ]),
  );
  assert.equal(
    clean('math mathematics 8000 18000 passport'),
    '${SUBJECT} mathematics ${PORT} 18000 ${AUTH}port',
  );
});

test('the password of a url, what stands behind its ?, and each line of a key are taken out alone too', () => {
  const clean = filledRemover(
    new Map([
      ['REPO', 'https://user:p%40ssw0rd@host/x?sig=0123456789'],
      ['PEM', '-----BEGIN-----\nMIIEvQIBADANBg\n-----END-----\n'],
    ]),
  );
  assert.equal(clean('p%40ssw0rd p@ssw0rd 0123456789 host'), '${REPO} ${REPO} ${REPO} host');
  assert.equal(clean('line MIIEvQIBADANBg'), 'line ${PEM}');
});

test('errors come without it, with all their problems', async () => {
  const filled = new Map([['AUTH', 'canary-value']]);
  const problems = [1, 2].map(
    (at) => new ScaleQuestError('ERR_PIPELINE_INVALID', `found canary-value ${at}`),
  );
  const work = Promise.reject(new PipelineProblems(problems));
  const error = await withoutFilled(work, filled).catch((found: PipelineProblems) => found);
  assert.doesNotMatch(
    JSON.stringify([error.message, error.stack, error.problems.map(({ message }) => message)]),
    /canary/,
  );
  assert.throws(
    () => filledCleanly(filled, () => assert.fail('a canary-value')),
    (found: Error) => found.message === 'a ${AUTH}',
  );
});

test('texts in a plain value are cleaned, and its form stays', () => {
  const value = { a: ['x secret-1', 2, null], b: { c: true } };
  assert.deepEqual(
    filledRemoved(value, (text) => text.replace('secret-1', '…')),
    { a: ['x …', 2, null], b: { c: true } },
  );
});
