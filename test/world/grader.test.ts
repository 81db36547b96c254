import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { sameAnswer } from '../../src/grade/compare/sameAnswer.js';

interface Pair {
  gold: string;
  answer: string;
  same: boolean;
}

const FOLDER = 'test/world/grader';

function pairsOf(file: string): Pair[] {
  const lines = readFileSync(`${FOLDER}/${file}`, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Pair);
}

for (const file of readdirSync(FOLDER)) {
  for (const { gold, answer, same } of pairsOf(file)) {
    test(`${file}: ${answer} is ${same ? '' : 'not '}${gold}`, () => {
      for (const seed of [1, 2, 3]) {
        assert.equal(sameAnswer(gold, answer, { seed }), same);
        assert.equal(sameAnswer(answer, gold, { seed }), same, 'the other way round');
      }
    });
  }
}
