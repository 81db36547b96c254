import { type Expression, hasKind, isScalar, symbolsOf } from './expression.js';
import { unitMeaning } from '../values/units.js';

/** Units typed without `\text`: `5 m`, `5 m/s^2`, `10km/h`. Letters as they are, they may as well be variables: a second reading. */

/** Single letters that are units behind a number and a space. */
const LETTERS = new Set('mgshLlCFNJWVKAT');

const POWER = String.raw`(?:\^(?:-?\d|\{-?\d\}))?`;
const FACTOR = String.raw`(?:(?!(?:and|or|per)(?![A-Za-z]))[A-Za-z]+|\\text\{[A-Za-z /^\d]{1,30}\})${POWER}`;
const SEPARATOR = String.raw`(?: ?/ ?| per | ?\\cdot ?| ?\\times ?| ?\* ?| )`;
const UNIT = `${FACTOR}(?:${SEPARATOR}${FACTOR})*`;
/** Behind a number, a group, a bracket or π. */
const BEHIND = new RegExp(String.raw`(?<=[\d})]|\\pi)( ?)(${UNIT})(?![A-Za-z\d(^_])`, 'g');
const FRACTION = new RegExp(String.raw`(?<=[\d})]|\\pi) ?\\frac\{(${UNIT})\}\{(${UNIT})\}`, 'g');

/** `1h30min`, `1h 20m` */
const MINUTES_BEHIND_HOURS = /(?<![\w.])(\d{1,3}) ?(?:h|hr|hrs) ?(\d{1,2}) ?(?:m|min|mins)(?![A-Za-z^\d])/g;
/** `5'6"` */
const FEET_AND_INCHES = /^(\d{1,3}) ?' ?(\d{1,2}(?:\.\d{1,4})?) ?(?:"|'')$/;
/** `15 cm2` */
const POWER_BEHIND = /(?<=\d ?)([kcdm]?m|ft|in|yd|mi)([23])(?![\d\w^])/g;

/** The text with such units set as `\text`; the same text where it has none. */
export function markUnits(text: string): string {
  return text
    .replace(MINUTES_BEHIND_HOURS, '$1 h $2 min')
    .replace(FEET_AND_INCHES, '$1 ft $2 in')
    .replace(POWER_BEHIND, '$1^$2')
    .replace(FRACTION, (found, over: string, under: string) => {
      const isSure = /\\text|[A-Za-z]{2}/.test(over);
      const unit = `${plain(over)} / ${plain(under)}`;
      return isSure && isPlainUnit(unit) ? `\\text{ ${unit}}` : found;
    })
    .replace(BEHIND, (found, space: string, unit: string) => {
      // Set as text already.
      if (/^\\text\{[^{}]*\}$/.test(unit)) return found;
      // `5m` is a product, `5km/h` is not.
      if (space === '' && !/^(?:[A-Za-z]{2}|\\text)/.test(unit)) return found;
      return isPlainUnit(plain(unit)) ? `\\text{ ${plain(unit)}}` : found;
    });
}

/** Letters that are more often names than units get the name of their unit. */
const NAMES = new Map([
  ['K', 'kelvin'],
  ['A', 'ampere'],
  ['T', 'tesla'],
]);

function plain(unit: string): string {
  return unit
    .replace(/(?<![A-Za-z])[KAT](?![A-Za-z])/g, (letter) => NAMES.get(letter)!)
    .replace(/\\text\{/g, ' ')
    .replace(/[{}]/g, '')
    .replace(/ +/g, ' ')
    .trim();
}

function isPlainUnit(unit: string): boolean {
  const names = unit.match(/[A-Za-z]+/g) ?? [];
  return names.every((name) => name.length > 1 || LETTERS.has(name)) && unitMeaning(unit).known;
}

/** Whether every unit stands behind a number of its own: in `2 s + 5` and `\frac{a}{2} m` the letters are variables. */
export function isMeasure(expression: Expression): boolean {
  switch (expression.kind) {
    case 'set':
    case 'list':
    case 'bracket':
      return expression.items.every(isMeasure);
    case 'relation':
      return expression.signs.every((sign) => sign === '=') && isMeasure(expression.parts.at(-1)!);
    case 'plusMinus':
      return isMeasure(expression.right) && (!expression.left || isMeasure(expression.left));
    case 'negative':
    case 'quantity':
      return isMeasure(expression.of);
    case 'product':
      return isPure(expression, expression.factors.slice(0, -1)) && isMeasure(expression.factors.at(-1)!);
    default:
      return isScalar(expression) && symbolsOf(expression).size === 0 && !hasKind(expression, 'quantity');
  }
}

function isPure(product: Expression, factors: readonly Expression[]): boolean {
  return symbolsOf(product).size === 0 && !factors.some((factor) => hasKind(factor, 'quantity'));
}
