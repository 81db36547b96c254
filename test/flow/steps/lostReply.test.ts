import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCodePoint } from '../../helpers/texts/anyCodePoint.js';
import { cutText, joinReplyTexts } from '../../../src/flow/steps/lostReply.js';

test('several replies are one text, each under a rule; one is itself', () => {
  assert.equal(joinReplyTexts(['a', 'b\nc']), 'a\n---\nb\nc');
  assert.equal(joinReplyTexts(['a']), 'a');
});

test('a text is cut to its first characters, and never within one', () => {
  const text = fc.string({ unit: anyCodePoint, maxLength: 40 });
  fc.assert(
    fc.property(text, fc.nat(45), (whole, charsMax) => {
      const cut = cutText(whole, charsMax);
      assert.ok(whole.startsWith(cut) && cut.length <= charsMax);
      assert.ok(cut.length >= Math.min(whole.length, charsMax) - 1);
      assert.equal((cut as string & { isWellFormed(): boolean }).isWellFormed(), true);
    }),
  );
  assert.equal(cutText('a😀', 2), 'a');
  assert.equal(cutText('abc', Infinity), 'abc');
});
