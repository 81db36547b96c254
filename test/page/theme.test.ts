import assert from 'node:assert/strict';
import { test } from 'node:test';
import { THEMES, contrastOf } from '../../src/page/theme.js';

test('contrast is as WCAG counts it', () => {
  assert.equal(contrastOf('#000000', '#ffffff'), 21);
  assert.equal(contrastOf('#ffffff', '#ffffff'), 1);
  assert.ok(Math.abs(contrastOf('#777777', '#ffffff') - 4.48) < 0.01);
});

for (const theme of Object.values(THEMES)) {
  test(`${theme.name}: texts have a contrast of 4.5 at least, what is drawn one of 3`, () => {
    const { background, text, faint, kept, dropped, rejected, other, series } = theme;
    for (const colour of [text, faint]) assert.ok(contrastOf(colour, background) >= 4.5, colour);
    for (const colour of [kept, dropped, rejected, other, ...series])
      assert.ok(contrastOf(colour, background) >= 3, colour);
  });

  test(`${theme.name}: more rows are further from the background`, () => {
    const contrasts = theme.ramp.map((colour) => contrastOf(colour, theme.background));
    assert.deepEqual(
      contrasts,
      contrasts.toSorted((a, b) => a - b),
    );
  });
}
