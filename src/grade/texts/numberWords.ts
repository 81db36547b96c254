import { unitMeaning } from '../values/units.js';

/** Whole numbers and simple fractions in English words, read strictly: whatever is not one of them stays text. */

const UNITS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const TEENS = [
  ...['ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen'],
  'nineteen',
];
const TENS = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const SCALES = new Map([
  ['thousand', 1000n],
  ['million', 10n ** 6n],
  ['billion', 10n ** 9n],
  ['trillion', 10n ** 12n],
  ['lakh', 10n ** 5n],
  ['crore', 10n ** 7n],
]);
const PARTS = ['half', 'third', 'quarter', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];
const WORDS_MAX = 40;

/** Where a reader stands in the words. */
interface Words {
  words: readonly string[];
  at: number;
}

/**
 * `two hundred and five` as `205`, `minus three` as `-3`, `two-thirds` as `2/3`, `thirty dollars` as `30 dollars`; null for anything
 * else, `two three` and `twenty eleven` among it. The text in lower case, hyphens and commas as written.
 */
export function digitsOfWords(text: string): string | null {
  // A comma parts a list, but not thousands from hundreds: `three thousand, two hundred`.
  const joined = text.replace(/(thousand|lakh|crore|[mbtr]+illion), (?=\w+ hundred)/g, '$1 ');
  const words = joined
    .replace(/(?<=[a-z])-(?=[a-z])/g, ' ')
    .split(' ')
    .filter(Boolean);
  if (words.length > WORDS_MAX) return null;
  const isNegative = words[0] === 'minus' || words[0] === 'negative';
  const reader: Words = { words, at: isNegative ? 1 : 0 };
  const value = takeNumber(reader);
  if (value === null) return null;
  const part = takePart(reader);
  const rest = words.slice(reader.at);
  const fraction = part === '' ? fractionTail(value, rest) : null;
  const tail = rest.length === 0 ? '' : (fraction ?? unitTail(rest));
  return tail === null ? null : `${isNegative ? '-' : ''}${value}${part}${tail}`;
}

function take(reader: Words, ...words: string[]): boolean {
  if (!words.includes(reader.words[reader.at] ?? '')) return false;
  reader.at += 1;
  return true;
}

function takeOf(reader: Words, list: readonly string[]): number | null {
  const at = list.indexOf(reader.words[reader.at] ?? '');
  if (at < 0) return null;
  reader.at += 1;
  return at;
}

/** Groups of thousands, each smaller than the one before. */
function takeNumber(reader: Words): bigint | null {
  if (take(reader, 'zero')) return 0n;
  if (take(reader, 'dozen')) return 12n;
  let total = 0n;
  let scaleMax: bigint | null = null;
  for (;;) {
    const start = reader.at;
    const isLinked = scaleMax !== null && take(reader, 'and');
    // `hundred` and `thousand` alone: their article has been stripped.
    const bare =
      start === 0 && /^(?:thousand|million|billion|trillion|lakh|crore)$/.test(reader.words[0] ?? '');
    const group = bare ? 1n : takeGroup(reader);
    if (group === null) {
      reader.at = start;
      return scaleMax === null ? null : total;
    }
    const scale = SCALES.get(reader.words[reader.at] ?? '');
    if (scale !== undefined) reader.at += 1;
    if (scaleMax !== null && ((scale ?? 1n) >= scaleMax || (isLinked && group > 99n))) {
      reader.at = start;
      return total;
    }
    total += group * (scale ?? 1n);
    if (scale === undefined) return total;
    scaleMax = scale;
  }
}

/** Below ten thousand: `five hundred and six`, `twelve hundred`. */
function takeGroup(reader: Words): bigint | null {
  const first = reader.at === 0 && reader.words[0] === 'hundred' ? 1n : takeTens(reader);
  if (first === null || !take(reader, 'hundred')) return first;
  const start = reader.at;
  take(reader, 'and');
  const rest = takeTens(reader);
  if (rest === null) reader.at = start;
  return first * 100n + (rest ?? 0n);
}

/** Below one hundred. */
function takeTens(reader: Words): bigint | null {
  const teen = takeOf(reader, TEENS);
  if (teen !== null) return BigInt(teen + 10);
  const tens = takeOf(reader, TENS);
  const unit = takeOf(reader, UNITS);
  if (tens === null) return unit === null ? null : BigInt(unit + 1);
  return BigInt((tens + 2) * 10 + (unit === null ? 0 : unit + 1));
}

/** `and a half` of a mixed number, as ` 1/2`; nothing taken where there is none. */
function takePart(reader: Words): string {
  const start = reader.at;
  if (take(reader, 'and')) {
    const over = take(reader, 'a') ? 1n : takeTens(reader);
    const tail = over === null ? null : fractionTail(over, reader.words.slice(reader.at, reader.at + 1));
    if (tail !== null) {
      reader.at += 1;
      return ` ${over}${tail}`;
    }
  }
  reader.at = start;
  return '';
}

/** `one third` and `two thirds`; but `twenty-third` has a place in a row. */
function fractionTail(value: bigint, rest: readonly string[]): string | null {
  const [word, ...more] = rest;
  if (word === undefined || more.length > 0 || value === 0n) return null;
  const single = value === 1n;
  const part = single ? word : word.replace(/^halves$/, 'halfs').replace(/s$/, '');
  const isPlural = word !== part;
  const at = PARTS.indexOf(part.replace('fourth', 'quarter'));
  return at < 0 || isPlural === single ? null : `/${at + 2}`;
}

function unitTail(rest: readonly string[]): string | null {
  const unit = rest.join(' ');
  return /^(?:percent|per cent)$/.test(unit) ? '\\%' : unitMeaning(unit).known ? ` ${unit}` : null;
}
