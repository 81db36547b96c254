import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFiles, fileOptions } from '../../../src/io/sources/fileOptions.js';

const schema = fileOptions('Tables');

function faultOf(options: object): string {
  const result = schema.safeParse({ path: 'a', ...options });
  return result.success ? 'none' : result.error.issues.map(({ message }) => message).join('; ');
}

test('one column of questions is read unless other columns are named', () => {
  const { paths, columns, fileColumns } = describeFiles(schema.parse({ path: 'rows' }));
  assert.deepEqual(paths, ['rows']);
  assert.deepEqual(columns, [{ name: 'question', type: 'string', help: 'From the source.', nullable: true }]);
  assert.deepEqual(fileColumns, columns);
});

test('a column may have another name in the files; the order stays', () => {
  const columns = { answer: 'string', question: 'string' };
  const options = schema.parse({ path: ['b', 'a'], columns, from: { question: 'problem' } });
  const described = describeFiles(options);
  assert.deepEqual(described.paths, ['b', 'a']);
  const namesOf = (all: readonly { name: string }[]): string[] => all.map(({ name }) => name);
  assert.deepEqual(namesOf(described.columns), ['answer', 'question']);
  assert.deepEqual(namesOf(described.fileColumns), ['answer', 'problem']);
});

test('no column, the column seq, an unknown name and a column read twice are refused', () => {
  assert.match(faultOf({ columns: {} }), /at least one column/);
  assert.match(faultOf({ columns: { seq: 'int32' } }), /none called seq/);
  assert.match(faultOf({ from: { answer: 'a' } }), /expected one of the columns that are read: question/);
  const columns = { question: 'string', answer: 'string' };
  assert.match(
    faultOf({ columns, from: { question: 'answer' } }),
    /each column of the file once, found answer, answer/,
  );
  assert.equal(faultOf({ columns, from: { question: 'answer', answer: 'question' } }), 'none');
});

test('the help text names the files', () => {
  assert.equal(schema.description, 'Rows from Tables.');
});
