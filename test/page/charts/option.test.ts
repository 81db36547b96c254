import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisOf, baseOption, legendOf } from '../../../src/page/charts/option.js';
import { THEMES } from '../../../src/page/theme.js';

test('nothing moves, no time zone counts, and readers of screens get the title', () => {
  const { animation, useUTC, aria } = baseOption(THEMES.light, 'Rows by reward.');
  assert.deepEqual({ animation, useUTC }, { animation: false, useUTC: true });
  assert.deepEqual(aria, { enabled: true, label: { description: 'Rows by reward.' } });
});

test('an axis keeps the colours of the theme beside its own labels', () => {
  const axis = axisOf(THEMES.dark, 'rows', { type: 'value', axisLabel: { interval: 0 } });
  assert.deepEqual(axis.axisLabel, { color: THEMES.dark.faint, hideOverlap: true, interval: 0 });
  assert.equal(axis.type, 'value');
});

test('a legend names what it is given', () => {
  assert.deepEqual(legendOf(THEMES.light, [{ name: 'kept' }]).data, ['kept']);
});
