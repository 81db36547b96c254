import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SourceFile, sourceFiles } from '../helpers/files/sourceFiles.js';

const CODE_CHARS_MAX = 110;
/** prettier breaks no comment, string or pattern; tests may hold longer texts. */
const PROSE_CHARS_MAX: Record<string, number> = { src: 140, test: 220, bench: 140, models: 140 };
const FUNCTION_LINES_MAX = 70;

/** Longer functions of today: each is a state machine of closures over the same variables. They may shrink, not grow. */
const LONGER: Record<string, number> = {
  'src/backends/batchApi/batchClient.ts createBatchClient': 120,
  'src/backends/llamaCpp/engine.ts drive': 145,
};

/** One text with the line breaks that a model would give it. */
const FIXTURES = ['test/text/repetition.test.ts'];

function isProse(line: string): boolean {
  return /^\s*(\*|\/\*|\/\/)/.test(line) || /['"`]|\/[a-z]*[,;)]/.test(line);
}

for (const [folder, proseCharsMax] of Object.entries(PROSE_CHARS_MAX)) {
  test(`${folder}: lines of code of at most ${CODE_CHARS_MAX} characters, others of ${proseCharsMax}`, () => {
    const files = sourceFiles(folder).filter(({ path }) => !FIXTURES.includes(path));
    const long = files.flatMap(({ path, lines }) =>
      lines.flatMap((line, at) =>
        [...line].length > (isProse(line) ? proseCharsMax : CODE_CHARS_MAX) ? [`${path}:${at + 1}`] : [],
      ),
    );
    assert.deepEqual(long, []);
  });
}

interface FunctionLines {
  name: string;
  lines: number;
}

/** Functions and their length, by the indentation that prettier gives. */
function functionsOf({ lines }: Pick<SourceFile, 'lines'>): FunctionLines[] {
  return lines.flatMap((line, at) => {
    const found = line.match(/^( *)(?:export )?(?:async )?function\*? (\w+)/);
    if (!found) return [];
    const end = lines.findIndex((later, index) => index > at && later === `${found[1]}}`);
    return end < 0 ? [] : [{ name: found[2]!, lines: end - at + 1 }];
  });
}

const FUNCTIONS = sourceFiles('src').flatMap((file) =>
  functionsOf(file).map(({ name, lines }) => ({ name: `${file.path} ${name}`, lines })),
);

test(`src: functions of at most ${FUNCTION_LINES_MAX} lines, but for a list`, () => {
  const long = FUNCTIONS.filter(({ name, lines }) => lines > (LONGER[name] ?? FUNCTION_LINES_MAX));
  assert.deepEqual(long, []);
});

test('the list of longer functions has no stale entry', () => {
  const stale = Object.keys(LONGER).filter(
    (name) => !FUNCTIONS.some((found) => found.name === name && found.lines > FUNCTION_LINES_MAX),
  );
  assert.deepEqual(stale, []);
});

test('the counter of lines counts', () => {
  const lines = [
    'export async function* a() {',
    '  function b() {',
    '    1;',
    '  }',
    '}',
    'function c(',
    ') {',
    '}',
  ];
  assert.deepEqual(functionsOf({ lines }), [
    { name: 'a', lines: 5 },
    { name: 'b', lines: 3 },
    { name: 'c', lines: 3 },
  ]);
});
