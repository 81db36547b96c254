import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { cpuMsOf, isRead, textReaders } from '../../bench/linear/readers.js';
import { sameAnswer } from '../../src/grade/compare/sameAnswer.js';
import { ScaleQuestError } from '../../src/errors.js';
import { afterThought } from '../../src/text/afterThought.js';
import { finalAnswer } from '../../src/text/finalAnswer.js';
import { mutateText } from '../helpers/texts/mutateText.js';

/**
 * Replies and answers, changed at random, through every reader of texts: whatever comes out is an answer of ours, in bounded time.
 * `MUTATED_SEED` and `MUTATED_RUNS` repeat or extend it.
 */

const SEED = Number(process.env['MUTATED_SEED'] ?? Date.now() % 1_000_000);
const RUNS = Number(process.env['MUTATED_RUNS'] ?? 200);
const CPU_MS_MAX = 250;
/** The time for each reader. */
const WALL_MS_MAX = RUNS * 40;

const REPLIES: readonly string[] = [
  'We add: 3 + 4 = 7.\nThe answer is $7$.',
  '<think>Maybe \\boxed{6}? No, 3 + 4 = 7.</think>\n\nSo we get \\boxed{7}.',
  '<|channel|>analysis<|message|>3 + 4<|end|><|start|>assistant<|channel|>final<|message|>It is \\boxed{7}.<|return|>',
  '## Step 1\nHalve it.\n\n**Final Answer**\n\n\\[ x = \\frac{7}{2} \\]',
  'Check: all is given.\nVerdict: Yes',
  'DRAFT: ...\n### Final question\nHow many pears are left?\n\n**Solution:** 7',
  '{"choices":[{"text":"7","logprobs":{"top":[-0.1,NaN]}}],"usage":{"total_tokens":3}}',
  '| step | value |\n|---|---|\n| **Answer** | **7 cm** |',
];

interface Pair {
  gold: string;
  answer: string;
}

const PAIRS = readdirSync('test/world/grader').flatMap((file) => {
  const lines = readFileSync(`test/world/grader/${file}`, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Pair);
});

for (const [name, read] of Object.entries(await textReaders())) {
  test(`${name}: ${RUNS} changed texts, seed ${SEED}`, () => {
    const endMs = performance.now() + WALL_MS_MAX;
    for (let at = 0; at < RUNS && performance.now() < endMs; at++) {
      const text = mutateText(REPLIES[at % REPLIES.length]!, SEED, at);
      const once = (): number =>
        cpuMsOf(() => assert.ok(isRead(read, text), `MUTATED_SEED=${SEED}, text ${at}`));
      // A collection of garbage may fall into one of them.
      const isQuick = once() <= CPU_MS_MAX || once() <= CPU_MS_MAX || once() <= CPU_MS_MAX;
      assert.ok(isQuick, `MUTATED_SEED=${SEED}, text ${at}: more than ${CPU_MS_MAX} ms`);
    }
  });
}

test(`what stands behind a thought is a part of the reply, and read as if the thought were not there, seed ${SEED}`, () => {
  for (let at = 0; at < RUNS; at++) {
    const reply = mutateText(REPLIES[at % REPLIES.length]!, SEED + 1, at);
    assert.ok(reply.includes(afterThought(reply)), `MUTATED_SEED=${SEED}, text ${at}`);
    const plain = reply.replace(/<[|｜]|think|\[\/?THINK|reflection|thought|reasoning|analysis|`/gi, '');
    if (afterThought(plain) !== plain) continue;
    const where = `MUTATED_SEED=${SEED}, text ${at}`;
    assert.equal(finalAnswer(`<think>${plain}</think>${plain}`), finalAnswer(plain), where);
    assert.equal(finalAnswer(`<think>${plain}`), null, where);
  }
});

function verdictOf(left: string, right: string): boolean | string {
  try {
    return sameAnswer(left, right, { seed: 1 });
  } catch (error) {
    assert.ok(error instanceof ScaleQuestError, `${(error as Error).stack}`);
    return error.code;
  }
}

test(`a changed answer gets a verdict or a limit, the same both ways round, seed ${SEED}`, () => {
  for (let at = 0; at < RUNS; at++) {
    const { gold, answer } = PAIRS[at % PAIRS.length]!;
    const changed = mutateText(answer, SEED + 2, at);
    const where = `MUTATED_SEED=${SEED}, pair ${at}: ${JSON.stringify([gold, changed.slice(0, 200)])}`;
    assert.equal(verdictOf(gold, changed), verdictOf(changed, gold), where);
    const once = (): number => cpuMsOf(() => verdictOf(gold, changed));
    assert.ok(once() <= CPU_MS_MAX || once() <= CPU_MS_MAX || once() <= CPU_MS_MAX, `${where}: too slow`);
    assert.equal(verdictOf(changed, changed), true, where);
  }
});
