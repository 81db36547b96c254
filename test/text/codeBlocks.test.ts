import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocksIn, codeBlocks } from '../../src/text/codeBlocks.js';

const BLOCKS: [text: string, blocks: [language: string, code: string][]][] = [
  ['No code.', []],
  ['```python\nprint(1)\n```', [['python', 'print(1)']]],
  ['Text\r\n```\r\na\r\nb\r\n```\r\nmore', [['', 'a\nb']]],
  ['~~~ SQL\nselect 1\n~~~', [['sql', 'select 1']]],
  [
    '```js title="x"\na\n```\n\n```py\nb\n```',
    [
      ['js', 'a'],
      ['py', 'b'],
    ],
  ],
  ['````md\n```py\nb\n```\n````', [['md', '```py\nb\n```']]],
  ['```py\nprint("```")\n```', [['py', 'print("```")']]],
  ['```python\ncut off', []],
  ['    ```py\nno fence\n```', []],
  ['```\n```', [['', '']]],
];

for (const [text, blocks] of BLOCKS) {
  test(`the code blocks of ${JSON.stringify(text)}`, () => {
    assert.deepEqual(
      codeBlocks(text).map(({ language, code }) => [language, code]),
      blocks,
    );
  });
}

test('of a language the marked blocks count, else those that are marked with nothing', () => {
  const fence = '```';
  const marked = `${fence}\nout\n${fence}\n${fence}Python3\nx\n${fence}\n${fence}js\ny\n${fence}`;
  const codes = (text: string, language: string): string[] =>
    blocksIn(text, language).map(({ code }) => code);
  assert.deepEqual(codes(marked, 'python'), ['x']);
  assert.deepEqual(codes(marked, 'nodejs'), ['y']);
  assert.deepEqual(codes(marked, 'lua'), ['out']);
  assert.deepEqual(codes('no block', 'python'), []);
});
