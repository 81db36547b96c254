import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eld } from 'eld/extrasmall';
import fc from 'fast-check';
import { modelsFolder } from '../../models/solver.js';
import { loadLanguageDetector } from '../../src/language/detectOther.js';
import { WORDS } from './words.js';

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

/** What eld itself says. */
function toldByEld(text: string): string | null {
  const found = eld.detect(text);
  return found.language && found.isReliable() ? found.language : null;
}

test('every question of the bundled model is told as eld tells it', async () => {
  const detectOther = await loadLanguageDetector();
  const lines = readFileSync(new URL('heldout.jsonl', modelsFolder()), 'utf8').trim().split('\n');
  const questions = lines.map((line) => (JSON.parse(line) as { question: string }).question);
  assert.ok(questions.length >= 1000);
  const told = questions.map((question) => detectOther(question, []));
  assert.deepEqual(told, questions.map(toldByEld));
  assert.ok(told.includes('en') && told.some((language) => language !== 'en'));
});

test('any text is told as eld tells it: words of many languages, long ones, lone halves of pairs', async () => {
  const detectOther = await loadLanguageDetector();
  const word = fc.oneof(
    { arbitrary: fc.constantFrom(...WORDS), weight: 8 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 12 }), weight: 1 },
    {
      arbitrary: fc.constantFrom('\ud800', '\udc00x', '\u{1d400}', '𐐀𐐁𐐂', "l'été", 'don’t', 'ЁЖ'),
      weight: 1,
    },
    { arbitrary: fc.constantFrom(...WORDS).map((part) => part.repeat(30)), weight: 1 },
  );
  const between = fc.constantFrom(' ', '', ', ', '\n', ' 12 ', '-', "'");
  const text = fc.array(fc.tuple(word, between), { maxLength: 80 }).map((parts) => parts.flat().join(''));
  const found = new Set<string | null>();
  fc.assert(
    fc.property(text, (written) => {
      const told = detectOther(written, []);
      found.add(told);
      assert.equal(told, toldByEld(written));
    }),
    { numRuns: 1500 },
  );
  assert.ok(found.size > 10 && found.has(null));
});
