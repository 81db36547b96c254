import assert from 'node:assert/strict';
import { test } from 'node:test';
import { floorOf, nearDuplicates } from '../../../../src/run/report/page/nearDuplicates.js';

const WORDS =
  'the garden of Anna is 210 m long and 77 m wide and a fence costs 12 dollars for each metre of it'.split(
    ' ',
  );

test('each duplicate stands with the question that it is like', () => {
  const near = nearDuplicates({ similarityMin: 0.8, ignoreNumbers: false });
  assert.equal(near.addPassed(0, WORDS.join(' ')), 0);
  assert.equal(
    near.addPassed(1, 'How many coins does she earn in a week when it rains every day but Sunday?'),
    0,
  );
  near.addDuplicate(2, [...WORDS, 'today'].join(' '));
  near.addDuplicate(3, WORDS.join(' '));
  near.addDuplicate(4, 'Nothing here is like any other of these words at all, is it?');
  const [cluster, ...others] = near.clusters(9);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [cluster!.keeper.seq, cluster!.rows, cluster!.duplicates.map(({ seq }) => seq)],
    [0, 2, [2, 3]],
  );
  assert.equal(cluster!.duplicates[1]!.similarity, 1);
});

test('a question that passed has its similarity, as far down as a slider goes', () => {
  const near = nearDuplicates({ similarityMin: 0.8, ignoreNumbers: false });
  near.addPassed(0, WORDS.join(' '));
  const similarity = near.addPassed(1, [...WORDS.slice(0, -3), 'some', 'other', 'end'].join(' '));
  assert.ok(similarity >= floorOf(0.8) && similarity < 0.8, String(similarity));
  assert.deepEqual([0.8, 0.4, 1].map(floorOf), [0.6, 0.3, 0.8]);
});
