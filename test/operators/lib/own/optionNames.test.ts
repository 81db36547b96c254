import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../../../src/arrow/columnType.js';
import {
  namedBy,
  namedReads,
  namedWrites,
  optionNameFaults,
  optionNamed,
} from '../../../../src/operators/lib/own/optionNames.js';

const write = (name: string): Column => ({ name, type: 'string', help: 'h', nullable: false });

const DECLARED = {
  reads: { $column: 'string', words: 'int32' },
  writes: [write('$into'), write('fixed')],
} as const;

test('a name that begins with $ stands for what its option says; any other for itself', () => {
  assert.deepEqual([optionNamed('$into'), optionNamed('into')], ['into', null]);
  assert.deepEqual(
    [namedBy('$into', { into: 'loud' }), namedBy('into', {}), namedBy('$into', { into: 3 })],
    ['loud', 'into', null],
  );
  assert.equal(namedBy('$constructor', {}), null);
  assert.deepEqual(namedReads(DECLARED, { column: 'question' }), { question: 'string', words: 'int32' });
  assert.deepEqual(
    namedWrites(DECLARED, { into: 'loud' }).map(({ name, column }) => [name, column.name]),
    [
      ['$into', 'loud'],
      ['fixed', 'fixed'],
    ],
  );
});

test('without options the declared names stay, for docs', () => {
  assert.deepEqual(Object.keys(namedReads(DECLARED, {})), ['$column', 'words']);
});

const FAULTS: [options: object, faults: [option: string, message: RegExp][]][] = [
  [{ column: 'question', into: 'loud' }, []],
  [{ into: 'loud' }, [['column', /expected the name of a column/]]],
  [{ column: '', into: 'loud' }, [['column', /expected the name of a column/]]],
  [{ column: 'words', into: 'loud' }, [['', /read as string too, here as int32/]]],
  [{ column: 'question', into: 'seqIndex' }, [['into', /the row’s identity/]]],
  [{ column: 'question', into: 'fixed' }, [['', /writes this one already/]]],
];

for (const [options, expected] of FAULTS)
  test(`names given by ${JSON.stringify(options)}`, () => {
    const found = optionNameFaults(DECLARED, [], options);
    assert.deepEqual(
      found.map(({ option }) => option),
      expected.map(([option]) => option),
    );
    for (const [at, [, message]] of expected.entries()) assert.match(found[at]!.message, message);
  });

test('a role that an option names needs its option', () => {
  assert.deepEqual(optionNameFaults({ reads: {}, writes: [] }, ['$model', 'judge'], {}), [
    { option: 'model', message: 'expected the name of a model' },
  ]);
});
