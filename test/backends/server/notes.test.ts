import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNotes } from '../../../src/backends/server/notes.js';

test('notes are counted by their text, and there are none where nothing was noted', () => {
  const notes = createNotes();
  assert.deepEqual(notes.stats(), {});
  notes.add(['a', 'b']);
  notes.add(['a', '__proto__', 'constructor']);
  assert.deepEqual(Object.entries(notes.stats().notes!), [
    ['a', 2],
    ['b', 1],
    ['__proto__', 1],
    ['constructor', 1],
  ]);
});

test('a server that says something else each time is counted in a bounded number of notes', () => {
  const notes = createNotes();
  for (let at = 0; at < 1000; at++) notes.add([`reason ${at}`]);
  const counts = notes.stats().notes!;
  assert.equal(Object.keys(counts).length, 21);
  assert.equal(counts['other things that are not known here'], 980);
});
