import { type Budget, createBudget, overLimit } from '../compare/budget.js';
import { basedOf, digitsOf } from './based.js';
import { cleanText, wordsOf } from '../texts/cleanText.js';
import { withCounts } from '../texts/countingSigns.js';
import { dateOf, hourOf, ordinalOf } from '../texts/dates.js';
import { COUNTING, type Expression, RUNNING, renamed } from './expression.js';
import { digitsOfWords } from '../texts/numberWords.js';
import { parseTokens } from './parseTokens.js';
import { isMeasure, markUnits } from './plainUnits.js';
import { withoutProse } from '../texts/prose.js';
import { knownWords } from './knownWords.js';
import { withConditions, withoutInteger } from '../texts/setTexts.js';
import { readTokens } from './tokens.js';
import { namedValueOf } from '../texts/namedValue.js';

/**
 * The ways in which an answer can be read, the likeliest first; most have one. `1,234` has two (a number, a list), `5 m` too (a
 * product, a length). An answer that is no maths is read as its words. Throws ROW_GRADE_LIMIT.
 */
export function parseAnswer(answer: string, budget: Budget = createBudget()): Expression[] {
  if (answer.length > budget.limits.charsMax)
    throw overLimit(`has ${answer.length} characters, at most ${budget.limits.charsMax} are read`);
  const cleaned = cleanText(answer);
  const date = dateOf(cleaned);
  if (date !== null) return [{ kind: 'text', text: date }];
  const plain = withoutProse(cleaned);
  const {
    text: free,
    name,
    isNatural,
  } = withoutInteger(hourOf(plain) ?? ordinalOf(plain) ?? withConditions(plain));
  const read = readingsOf(free, budget);
  // The name of a whole number that runs says nothing.
  return name === null ? read : read.map((reading) => renamed(reading, name, isNatural ? COUNTING : RUNNING));
}

function readingsOf(text: string, budget: Budget): Expression[] {
  const based = basedOf(text);
  if (based) return [based];
  const readings = [choiceOf(text, budget) ?? wordAnswer(text) ?? parseMaths(text, true, budget)];
  if (/\d,\d{3}/.test(text)) readings.push(parseMaths(text, false, budget));
  readings.push(digitsOf(text));
  const counted = withCounts(text);
  if (counted !== text) readings.push(parseMaths(counted, true, budget));
  const named = namedValueOf(text);
  if (named) readings.push(valueUnder(named.name, parseMaths(named.value, true, budget)));
  const decimal = withDecimalPoint(text);
  if (decimal !== null) readings.push(parseMaths(decimal, true, budget));
  const marked = markUnits(text);
  const measure = marked === text ? null : parseMaths(marked, true, budget);
  if (measure && isMeasure(measure)) readings.push(measure);
  const read = readings.filter((reading) => reading !== null);
  return read.length > 0 ? read : [{ kind: 'text', text: wordsOf(text) }];
}

/** Two decimals or four and more, three behind 0, one before a unit. */
const DECIMALS = String.raw`(\d{2}|\d{4,20}|(?<=(?<!\d)0,)\d{3}|\d(?= ?[A-Za-z\\%€£]))`;
const DECIMAL_COMMA = new RegExp(String.raw`^([-+]?\d{1,20}),${DECIMALS}(?![\d,;])([^,;]*)$`);

/**
 * `3,14` and `1.000,5 m` as many languages write them; null where no comma can be one of decimals. `1,234` has its thousands.
 */
function withDecimalPoint(text: string): string | null {
  const grouped = /^([-+]?\d{1,3}(?:\.\d{3})+),(\d{1,20})(?!\d)(.*)$/.exec(text);
  if (grouped) return `${grouped[1]!.replaceAll('.', '')}.${grouped[2]}${grouped[3]}`;
  const plain = DECIMAL_COMMA.exec(text);
  return plain ? `${plain[1]}.${plain[2]}${plain[3]}` : null;
}

/** `P(A) = 0.3` as an equation whose left side is a name. */
function valueUnder(name: string, value: Expression | null): Expression | null {
  return value && { kind: 'relation', parts: [{ kind: 'text', text: name }, value], signs: ['='] };
}

function parseMaths(text: string, thousands: boolean, budget: Budget): Expression | null {
  const tokens = readTokens(text, { thousands }, budget);
  return tokens && parseTokens(tokens, budget);
}

/** `B`, `(B)`, `B.`, `(B) 12`. */
function choiceOf(text: string, budget: Budget): Expression | null {
  const plain = text.replace(/^\\text\{\s*(\(?[A-Ja-j]\)?[.:]?)\s*\}/, '$1 ').trim();
  const alone = /^(?:(?:option|choice) )?(?:\(([A-Ja-j])\)|([A-J])[.):]?)$/i.exec(plain);
  if (alone && (alone[1] || /[A-J]/.test(alone[2]!)))
    return { kind: 'choice', letter: (alone[1] ?? alone[2]!).toUpperCase(), rest: null };
  const before = /^(?:\(([A-J])\)|([A-J])[.):])\s*([^\s\-+*/^_=<>].*)$/.exec(plain);
  if (!before) return null;
  const rest = wordAnswer(before[3]!) ?? parseMaths(before[3]!, true, budget);
  const letter = (before[1] ?? before[2])!;
  return { kind: 'choice', letter, rest: rest ?? { kind: 'text', text: wordsOf(before[3]!) } };
}

/** An answer in words; null where it has anything else. */
function wordAnswer(text: string): Expression | null {
  if (!/^\p{L}[\p{L}\p{M}\d\s'’",.()-]*$/u.test(text) && !/^\\text\{[^{}]*\}/.test(text)) return null;
  const known = knownWords(text);
  if (known) return known;
  if (!/^[A-Za-z][A-Za-z\s'’",.()-]*$/.test(text) && !text.startsWith('\\')) return null;
  if (text.startsWith('\\')) return null;
  const digits = digitsOfWords(text.toLowerCase().replace(/^an? /, 'one '));
  if (digits !== null) return parseMaths(digits, true, createBudget());
  // Short runs are variables (`ab`, `xy`); commas may part them (`a, b`).
  if (/[A-Za-z]{4}|^(?:yes|no|odd|sum|all|one)$/i.test(text) && !FUNCTION_START.test(text))
    return { kind: 'text', text: wordsOf(text) };
  return null;
}

const HYPERBOLIC_OR_CIRCULAR = '(?:a|ar|arc)?(?:sinh?|cosh?|tanh?|coth?|sech?|csch?)';
const OTHER_FUNCTIONS =
  'sqrt|cbrt|floor|ceil(?:ing)?|binom(?:ial)?|factorial|log|ln|exp|infinity|alpha|beta|gamma|delta|epsilon|lambda|sigma|omega|theta';
const FUNCTION_START = new RegExp(`^(?:${OTHER_FUNCTIONS}|${HYPERBOLIC_OR_CIRCULAR})(?:[a-z]{1,2})?\\b`);
