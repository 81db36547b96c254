import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadLanguageDetector } from '../../src/language/detectOther.js';

const GERMAN =
  'Wie viele Äpfel hat Anna, wenn sie zwölf Äpfel kauft und davon fünf ihrem kleinen Bruder schenkt?';
const ENGLISH =
  'How many apples does Anna have if she buys twelve apples and gives five of them to her brother?';

test('a text in another language is named by its code', async () => {
  const detectOther = await loadLanguageDetector();
  assert.equal(detectOther(GERMAN, ['en']), 'de');
  assert.equal(detectOther(ENGLISH, ['de', 'fr']), 'en');
});

test('a text in a wanted language is none, whichever of them it is', async () => {
  const detectOther = await loadLanguageDetector();
  assert.equal(detectOther(GERMAN, ['en', 'de']), null);
  assert.equal(detectOther(ENGLISH, ['en']), null);
});

test('what is too short or too formal to tell is none', async () => {
  const detectOther = await loadLanguageDetector();
  assert.equal(detectOther('', ['en']), null);
  assert.equal(detectOther('$x^2 + 1 = 0$', ['en']), null);
});
