import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfSealed, openJson, openText, sealJson, sealText } from '../../../src/io/files/seal.js';

const VALUES = [{ a: 1 }, { text: 'ü😀"}', check: 'mine' }, { list: [{ check: 'a'.repeat(64) }] }];

/** Every text that differs from this one in one bit. */
function* flipped(text: string): Generator<string> {
  const bytes = Buffer.from(text);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const other = Buffer.from(bytes);
    other[bit >> 3]! ^= 1 << (bit & 7);
    yield other.toString();
  }
}

for (const indent of [0, 2]) {
  test(`JSON with indent ${indent}: it opens to what it was, and any changed bit is noticed`, () => {
    for (const value of VALUES) {
      const text = JSON.stringify(value, null, indent);
      const sealed = sealJson(text, 'before');
      assert.equal((JSON.parse(sealed) as { check: string }).check.length, 64);
      const { body, isWhole } = openJson(sealed, 'before');
      assert.deepEqual([body, isWhole], [text, true]);
      assert.equal(openJson(sealed).isWhole, false, 'behind another line');
      for (const other of flipped(sealed)) assert.equal(openJson(other, 'before').isWhole, false, other);
    }
  });
}

test('an object without a checksum says so', () => {
  assert.deepEqual(openJson('{"a":1}'), { body: '{"a":1}', check: null, isWhole: false });
});

test('a text with a head: any changed bit is noticed, in the head, the rest and the checksum', () => {
  const text = '---\npretty_name: "x"\n---\n\n# Title 😀\n';
  const sealed = sealText(text);
  assert.match(sealed, /^---\n# sha256 of the other lines: [0-9a-f]{64}\npretty_name/);
  assert.deepEqual([openText(sealed).body, openText(sealed).isWhole], [text, true]);
  for (const other of flipped(sealed)) assert.equal(openText(other).isWhole, false, other);
  assert.equal(openText(text).check, null);
});

test('a sealed text inside of another is not taken for its checksum', () => {
  const inner = sealText('name: a\nsteps: []\n');
  const outer = sealText(`# a copy\n${inner}`);
  assert.equal(openText(outer).body, `# a copy\n${inner}`);
  assert.equal(openText(`# a copy\n${inner}`).isWhole, false);
});

test('the end of a sealed object is found behind which something else stands', () => {
  const sealed = sealJson('{"a":1}');
  assert.equal(endOfSealed(`${sealed}x`), sealed.length);
  assert.equal(endOfSealed(sealed.slice(0, -1)), null);
});
