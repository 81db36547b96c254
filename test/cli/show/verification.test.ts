import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printReplay, printVerification } from '../../../src/cli/show/verification.js';
import { changed } from '../../../src/run/verify/findings.js';

const WHOLE = {
  ...{ folder: 'runs/a', isComplete: true, commits: 1, rows: 3, files: 9, bytes: 12_345_678 },
  ...{ findings: [], notes: [] },
};

test('a whole folder is two lines', () => {
  assert.equal(
    printVerification(WHOLE),
    'runs/a: complete, 1 commit, 3 rows kept; 9 files read, 12.3 MB\nEvery file is as it was written.\n',
  );
});

test('a file that is not as it was written has a line with what was found, and one with what to do', () => {
  const findings = [changed('log.jsonl', 'line 3: found something else')];
  const text = printVerification({ ...WHOLE, isComplete: false, findings, notes: ['A note.'] });
  assert.match(
    text,
    /not finished.*\nA note\.\nchanged {2}log\.jsonl: line 3: found something else\n +It is for people/,
  );
  assert.match(text, /1 file of it is not as written\.\n$/);
});

const SAME = { pipeline: 'p.yaml', filesSame: 4, rowsSame: 9, difference: null, reasons: [] };

test('a replay says how far it went, and the first value that differs', () => {
  assert.equal(
    printReplay(SAME),
    'replay of p.yaml: 4 files with 9 rows came out byte for byte the same; none differs.\n',
  );
  const at = { row: 2, column: 'question', found: '"a"', expected: '"b"' };
  const text = printReplay({ ...SAME, difference: { file: 'shards/x.parquet', at }, reasons: ['A reason.'] });
  assert.match(
    text,
    /same\.\ndiffers {2}shards\/x\.parquet: row 2, column question\n +found "a"\n +derived "b"\nA reason\.\n$/,
  );
});
