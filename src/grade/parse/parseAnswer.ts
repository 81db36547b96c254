import { type Budget, createBudget, overLimit } from '../compare/budget.js';
import { cleanText, wordsOf } from './cleanText.js';
import { withCounts } from './countingSigns.js';
import { dateOf, hourOf, ordinalOf } from './dates.js';
import { type Expression, renamed } from './expression.js';
import { digitsOfWords } from './numberWords.js';
import { parseTokens } from './parseTokens.js';
import { isMeasure, markUnits } from './plainUnits.js';
import { readTokens } from './tokens.js';

const THERE = String.raw`(?:there (?:is|are|exists?) |(?:(?:the )?(?:equation|system|inequality) )?has )?`;
const NONE = String.raw`no (?:real |integer |positive )?(?:solutions?|roots?|answers?|values?)(?: exists?)?`;

/** Word answers that are known by several names. */
const SAME_WORDS: readonly [RegExp, Expression][] = [
  [new RegExp(`^${THERE}(?:${NONE}|none|empty set|no such .{1,30})$`), { kind: 'set', items: [] }],
  [/^(?:dne|does not exist|undefined|not defined|doesn't exist)$/, { kind: 'text', text: 'does not exist' }],
  [
    /^(?:infinitely many(?: solutions)?|infinite(?: solutions)?|infinite number of solutions)$/,
    { kind: 'text', text: 'infinitely many' },
  ],
  [/^(?:yes|true)$/, { kind: 'text', text: 'yes' }],
  [/^(?:no|false)$/, { kind: 'text', text: 'no' }],
  [/^(?:all real numbers?|all reals?|real numbers|any real number)$/, { kind: 'reals' }],
];

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
  const { text: free, name } = withoutInteger(hourOf(cleaned) ?? ordinalOf(cleaned) ?? cleaned);
  const read = readingsOf(free, budget);
  // The name of a whole number that runs says nothing.
  return name === null ? read : [...read, ...read.map((reading) => renamed(reading, name, 'running n'))];
}

/** `, k \in \mathbb{Z}`, `where n is an integer` behind an answer. */
const WHERE = String.raw`(?:(?:\\text\{ ?)?(?:where|for(?: any| all| some)?)(?: ?\})? )?`;
const WHOLE = String.raw`(?: ?\\in ?\\mathbb ?\{?[ZN]\}?(?:\^\+|_\+)?| ?(?:\\text\{ ?)?(?:is )?(?:an |any )?integers? ?\}?)`;
const RUNS = new RegExp(String.raw`[,;]? ?\(?${WHERE}([a-z])${WHOLE}\)?$`);

function withoutInteger(text: string): { text: string; name: string | null } {
  const tail = RUNS.exec(text);
  if (!tail || tail.index === 0) return { text, name: null };
  return { text: text.slice(0, tail.index).trim(), name: tail[1]! };
}

function readingsOf(text: string, budget: Budget): Expression[] {
  const readings = [choiceOf(text, budget) ?? wordAnswer(text) ?? parseMaths(text, true, budget)];
  if (/\d,\d{3}/.test(text)) readings.push(parseMaths(text, false, budget));
  const counted = withCounts(text);
  if (counted !== text) readings.push(parseMaths(counted, true, budget));
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
  const before = /^(?:\(([A-J])\)|([A-J])[.):])\s*(\S.*)$/.exec(plain);
  if (!before) return null;
  const rest = wordAnswer(before[3]!) ?? parseMaths(before[3]!, true, budget);
  const letter = (before[1] ?? before[2])!;
  return { kind: 'choice', letter, rest: rest ?? { kind: 'text', text: wordsOf(before[3]!) } };
}

/** An answer in words; null where it has anything else. */
function wordAnswer(text: string): Expression | null {
  if (!/^[A-Za-z][A-Za-z\s'’",.()-]*$/.test(text) && !/^\\text\{[^{}]*\}/.test(text)) return null;
  // `No, it does not.`
  const words = wordsOf(text.replace(/^(yes|no), ?(?=[a-z]).*$/i, '$1'));
  const same = SAME_WORDS.find(([pattern]) => pattern.test(words));
  if (same) return same[1];
  if (text.startsWith('\\')) return null;
  const digits = digitsOfWords(text.toLowerCase().replace(/^an? /, 'one '));
  if (digits !== null) return parseMaths(digits, true, createBudget());
  // Short runs are variables (`ab`, `xy`); commas may part them (`a, b`).
  if (/[A-Za-z]{4}|^(?:yes|no|odd|sum|all|one)$/i.test(text) && !FUNCTION_START.test(text))
    return { kind: 'text', text: words };
  return null;
}

const HYPERBOLIC_OR_CIRCULAR = '(?:a|ar|arc)?(?:sinh?|cosh?|tanh?|coth?|sech?|csch?)';
const OTHER_FUNCTIONS =
  'sqrt|cbrt|floor|ceil(?:ing)?|binom(?:ial)?|factorial|log|ln|exp|infinity|alpha|theta';
const FUNCTION_START = new RegExp(`^(?:${OTHER_FUNCTIONS}|${HYPERBOLIC_OR_CIRCULAR})(?:[a-z]{1,2})?\\b`);
