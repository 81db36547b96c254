/** Signs of counting over plain numbers, as they are written in several countries: a second reading, for `C(5,2)` may be a point. */

const NUMBER = String.raw`(?:\{ ?(\d{1,4}) ?\}|(\d{1,4}))`;
const CHOOSE = String.raw`(?:\\text\{ ?([CPA]) ?\}|([CPA]))`;
/** `{}_5C_2`, `^5C_2`, `{}^{5}\mathrm{P}_{2}`. */
const BOTH_SIDES = new RegExp(
  String.raw`(?:\{ ?\})? ?[_^] ?${NUMBER} ?${CHOOSE} ?_ ?${NUMBER}(?![\d^])`,
  'g',
);
/** `C_5^2`, `A_{5}^{2}`: the larger number stands below. */
const BELOW = new RegExp(String.raw`(?<![A-Za-z\\])${CHOOSE} ?_ ?${NUMBER} ?\^ ?${NUMBER}(?!\d)`, 'g');
const ABOVE = new RegExp(String.raw`(?<![A-Za-z\\])${CHOOSE} ?\^ ?${NUMBER} ?_ ?${NUMBER}(?!\d)`, 'g');
const CALLED = new RegExp(String.raw`(?<![A-Za-z\\_^])${CHOOSE} ?\( ?(\d{1,4}) ?, ?(\d{1,4}) ?\)`, 'g');
/** `5C2` */
const BETWEEN = /(?<![A-Za-z\d\\_^.])(\d{1,4}) ?([CP]) ?(\d{1,4})(?!\d)/g;

/** The text with such signs as binomials and quotients of factorials; the same text where it has none. */
export function withCounts(text: string): string {
  if (!/[CPA]/.test(text)) return text;
  return text
    .replace(BOTH_SIDES, (found, a, b, text2, plain, c, d) => count(found, text2 ?? plain, a ?? b, c ?? d))
    .replace(BELOW, (found, text2, plain, a, b, c, d) => count(found, text2 ?? plain, a ?? b, c ?? d))
    .replace(ABOVE, (found, text2, plain, a, b, c, d) => count(found, text2 ?? plain, c ?? d, a ?? b))
    .replace(CALLED, (found, text2, plain, a, b) => count(found, text2 ?? plain, a, b))
    .replace(BETWEEN, (found, a, sign, b) => count(found, sign, a, b));
}

/** Beyond it, `P(2000, 3)` is a point. */
const OF_MAX = 200;

function count(found: string, sign: string, of: string, choose: string): string {
  const [n, k] = [Number(of), Number(choose)];
  if (k > n || n > OF_MAX) return found;
  return sign === 'C' ? `\\binom{${n}}{${k}}` : `\\frac{${n}!}{${n - k}!}`;
}
