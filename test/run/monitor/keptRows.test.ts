import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildRows } from '../../../src/arrow/build.js';
import { type Column, SEQ_COLUMN } from '../../../src/arrow/columnType.js';
import type { KeptRowEvent } from '../../../src/run/events.js';
import { tellKeptRows } from '../../../src/run/monitor/keptRows.js';

const COLUMNS: Column[] = [
  SEQ_COLUMN,
  { name: 'question', type: 'string', nullable: true, help: '' },
  { name: 'reward', type: 'float64', nullable: false, help: '' },
];

test('the newest row is told, once a second at most, with long texts cut', () => {
  let nowMs = 0;
  const told: KeptRowEvent[] = [];
  const tell = tellKeptRows(
    COLUMNS,
    () => nowMs,
    (event) => told.push(event),
  );
  const rows = (seq: number, question: string | null) =>
    buildRows(
      COLUMNS,
      [
        [seq - 1, seq],
        ['before', question],
        [0.5, 0.5],
      ],
      2,
    );
  tell(rows(1, 'Why?'));
  tell(rows(3, 'too soon'));
  nowMs = 1_000;
  tell(rows(5, 'a'.repeat(599) + '😀'));
  nowMs = 2_000;
  tell(rows(7, null));
  assert.deepEqual(told.slice(0, 1), [{ event: 'keptRow', seq: 1, texts: { question: 'Why?' } }]);
  assert.equal(told.length, 3);
  assert.equal(told[1]!.texts['question'], `${'a'.repeat(599)}…`);
  assert.deepEqual(told[2]!.texts, { question: '' });
});

test('a set without texts tells nothing, and one without positions tells none', () => {
  const told: KeptRowEvent[] = [];
  const tellOf = (columns: Column[]) =>
    tellKeptRows(
      columns,
      () => 0,
      (event) => told.push(event),
    );
  tellOf([COLUMNS[2]!])(buildRows([COLUMNS[2]!], [[1]], 1));
  assert.deepEqual(told, []);
  tellOf([COLUMNS[1]!])(buildRows([COLUMNS[1]!], [['Why?']], 1));
  assert.deepEqual(told, [{ event: 'keptRow', texts: { question: 'Why?' } }]);
});
