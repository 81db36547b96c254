import type { Expression } from './expression.js';

/** Numbers in a base other than ten, with letters for digits beyond nine. */

const WORDS = ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];
const BASES = new Map([
  ...WORDS.map((word, at) => [word, at + 2] as const),
  ['binary', 2] as const,
  ['octal', 8] as const,
  ['decimal', 10] as const,
  ['hexadecimal', 16] as const,
  ['hex', 16] as const,
  ['sixteen', 16] as const,
]);
const DIGITS = String.raw`\(?(?:\\text ?\{ ?)?(-?\d[\dA-Za-z]{0,60}|[A-Fa-f][\dA-Fa-f]{0,60})(?: ?\})?\)?`;
const BASE = String.raw`(?:\\text ?\{ ?)?(\d{1,2}|[a-z]{3,11})(?: ?\}){0,2}`;
const INDEXED = new RegExp(`^${DIGITS} ?_ ?\\{? ?${BASE}$`);
const SAID = new RegExp(
  String.raw`^${DIGITS} ?,? ?(?:\\text ?\{ ?)?\(?(?:in )?(?:base ?[- ]?(\d{1,2}|[a-z]{3,11})|(binary|octal|hex(?:adecimal)?))\)?(?: ?\})?$`,
);
const PREFIXED = /^0([bxo])([\da-fA-F]{1,60})$/;
const PREFIX_BASES = new Map([
  ['b', 2],
  ['o', 8],
  ['x', 16],
]);

/** `2A_{16}`, `1010_{\text{two}}`, `1010 in base 2`, `0b1010`; null for any other text. */
export function basedOf(text: string): Expression | null {
  const prefixed = PREFIXED.exec(text);
  if (prefixed) return based(prefixed[2]!, PREFIX_BASES.get(prefixed[1]!)!);
  const indexed = INDEXED.exec(text);
  if (indexed) return based(indexed[1]!, baseOf(indexed[2]!));
  const said = SAID.exec(text);
  return said ? based(said[1]!, baseOf((said[2] ?? said[3])!)) : null;
}

/** `2A`, which may be the digits of a number in a base that it does not say: base 0. */
export function digitsOf(text: string): Expression | null {
  const plain =
    /^(?:\\text ?\{ ?)?((?:\d[\dA-Fa-f]{0,30}[A-Fa-f][\dA-Fa-f]{0,30})|[A-F][\dA-F]{1,30})(?: ?\})?$/.exec(
      text,
    );
  return plain ? { kind: 'based', digits: plain[1]!.toUpperCase(), base: 0 } : null;
}

function baseOf(word: string): number | undefined {
  return /^\d/.test(word) ? Number(word) : BASES.get(word);
}

/** Null where a digit is beyond the base: `2A_4` is a name. */
function based(digits: string, base: number | undefined): Expression | null {
  if (base === undefined || base < 2 || base > 36) return null;
  const upper = digits.toUpperCase();
  const fits = [...upper.replace('-', '')].every((digit) => Number.parseInt(digit, 36) < base);
  return fits ? { kind: 'based', digits: upper.replace(/^(-?)0+(?=.)/, '$1'), base } : null;
}
