import { cleanText, wordsOf } from '../texts/cleanText.js';

/** Answers in words. */

/** Whether two texts say the same words, whatever their case, punctuation, article, number and spelling. */
export function sameWords(left: string, right: string): boolean {
  const [a, b] = [left, right].map((text) => wordsOf(cleanText(text))) as [string, string];
  if (a === '' || b === '') return false;
  if (a === b) return true;
  // `x y` is `xy`; but `1 2` is not 12.
  if (!/\d \d/.test(`${a}${b}`) && a.replaceAll(' ', '') === b.replaceAll(' ', '')) return true;
  return plainWords(a) === plainWords(b) || sameFormula(left, right) || sameNames(a, b);
}

const NUMBERS = new Map(
  ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'].map(
    (word, at) => [word, `${at + 1}`] as const,
  ),
);
/** How some words are spelled on the two sides of the Atlantic. */
const SPELLINGS: readonly [RegExp, string][] = [
  [/our(?=$|s$|ed$|ing$)/, 'or'],
  [/^(cent|met|lit|kilomet|centimet|millimet)re(?=s?$)/, '$1er'],
  [/^grey/, 'gray'],
  [/ise(?=$|d$|s$)/, 'ize'],
];
/** `right-angled` and `right` say the same of a triangle. */
const REST = new Set(['a', 'an', 'the', 'angled']);

function plainWords(words: string): string {
  return words
    .split(' ')
    .filter((word) => !REST.has(word))
    .map(plainWord)
    .join(' ');
}

function plainWord(word: string): string {
  const number = NUMBERS.get(word);
  if (number !== undefined) return number;
  const spelled = SPELLINGS.reduce((text, [pattern, other]) => text.replace(pattern, other), word);
  // `cats` and `cat`; not `plus`, `axis`, `less`.
  return /^[a-z]{3,}$/.test(spelled) ? spelled.replace(/(?<![suio'])s$/, '') : spelled;
}

/** `Alice and Bob` is `Bob and Alice`. */
function sameNames(a: string, b: string): boolean {
  const [x, y] = [a, b].map((words) => words.split(' and ').map(plainWords));
  if (!x || !y || x.length !== y.length || x.length < 2) return false;
  return x.every((name) => y.includes(name)) && y.every((name) => x.includes(name));
}

/** Chemical formulas and reactions, whatever stands for their indices; what reacts has no order. */
function sameFormula(left: string, right: string): boolean {
  const [a, b] = [formulaOf(left), formulaOf(right)];
  return a !== null && a === b;
}

const ARROW = /\\(?:rightarrow|to|longrightarrow|rightleftharpoons)(?![A-Za-z])|[-=]+>|→|⟶|⇌/;
const FORMULA =
  /^(?:\d{0,3}(?:[A-Z][a-z]?\d{0,3}|\((?:[A-Z][a-z]?\d{0,3}){1,12}\)\d{0,3}){1,20}(?:\d?[+-]|\[\d?[+-]\])?)$/;
/** Two elements, or one with its number or charge: `H2O`, `NaCl`, `Fe3+`. */
const IS_TELLING = /[A-Z][a-z]?\d|[A-Z][a-z]?[A-Z]|[+-]$/;

function formulaOf(text: string): string | null {
  const plain = cleanText(text)
    .replace(/\\(?:text|ce|mathrm) ?\{?|\\[,;! ]|[{}_^$ ]/g, '')
    .replace(/[₀-₉]/g, (digit) => `${'₀₁₂₃₄₅₆₇₈₉'.indexOf(digit)}`);
  if (plain.length > 300) return null;
  const sides = plain.split(ARROW).map((side) =>
    side
      .split(/\+(?=[\dA-Z(])/)
      .sort()
      .join('+'),
  );
  const isFormula = sides.every((side) =>
    side.split('+').every((part) => part === '' || FORMULA.test(part) || FORMULA.test(`${part}+`)),
  );
  return isFormula && IS_TELLING.test(sides.join(' ')) ? sides.join(' → ') : null;
}
