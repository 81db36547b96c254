import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArrayFault, splitArray } from '../../../../src/io/sources/text/splitArray.js';
import type { TextBlock } from '../../../../src/io/sources/text/readText.js';
import { collect } from '../../../helpers/texts/chunks.js';

async function* blocksOf(text: string, chars: number): AsyncGenerator<TextBlock> {
  for (let at = 0; at < text.length; at += chars) yield { text: text.slice(at, at + chars), faults: [] };
}

test('the elements of any array, compact or printed, in pieces of any size, with their lines', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue()),
      fc.nat(3),
      fc.integer({ min: 1, max: 40 }),
      async (values, indent, chars) => {
        const text = `\n ${JSON.stringify(values, null, indent)}\n`;
        const found = await collect(splitArray(blocksOf(text, chars), 1e6));
        assert.deepEqual(
          found.map((each) => JSON.parse(each.text) as unknown),
          JSON.parse(JSON.stringify(values)),
        );
        for (const { text: element, line } of found)
          assert.ok(text.split('\n')[line - 1]!.includes(element.split('\n')[0]!));
      },
    ),
    { numRuns: 300 },
  );
});

test('what is no array ends with its line', async () => {
  const faultOf = async (text: string): Promise<unknown> => {
    try {
      return await collect(splitArray(blocksOf(text, 3), 1000));
    } catch (error) {
      assert.ok(error instanceof ArrayFault);
      return `${error.line}: ${error.message}`;
    }
  };
  assert.match(`${await faultOf('[{"a":1},\n{"a":2}')}`, /^2: found the end of the file within the array/);
  assert.match(`${await faultOf('[1]\n[2]')}`, /^2: found "\[2\]?" after the end/);
  assert.match(`${await faultOf('[1,\n]')}`, /^2: found "\]", expected an element/);
  assert.match(`${await faultOf('[,1]')}`, /^1: found ",", expected an element/);
  assert.match(`${await faultOf('[1}')}`, /^1: found "}"/);
  assert.match(`${await faultOf('["a\\"]')}`, /^1: found the end of the file/);
  assert.deepEqual(await faultOf('[ ]'), []);
});

test('an element that is too long is a fault, and the next one is read', async () => {
  const text = `["${'x'.repeat(3000)}", 2]`;
  const found = await collect(splitArray(blocksOf(text, 100), 1000));
  assert.deepEqual(
    found.map(({ fault, text: element }) => [fault !== undefined, element.length <= 200]),
    [
      [true, true],
      [false, true],
    ],
  );
});
