import Fraction from 'fraction.js';
import { type Budget, overLimit, spend } from '../compare/budget.js';
import { closingBrace } from '../../text/closingBrace.js';
import { isNumberWord, isUnit, isUnitLetter } from '../values/units.js';

/** A word of an answer. `spaced`: white space stands before it. */
export type Token = { spaced: boolean } & (
  | { kind: 'number'; text: string; value: Fraction; digits: number }
  | { kind: 'symbol'; name: string }
  /** A known function, constant or separator. */
  | { kind: 'name'; name: string }
  /** A run of letters that is neither: mostly a unit. */
  | { kind: 'word'; text: string }
  | { kind: 'sign'; text: string }
);

export interface TokenOptions {
  /** `1,234` is one number; otherwise a list of two. */
  thousands: boolean;
}

export const FUNCTIONS = new Set([
  ...['sin', 'cos', 'tan', 'cot', 'sec', 'csc', 'arcsin', 'arccos', 'arctan', 'arccot', 'arcsec', 'arccsc'],
  ...[
    'sinh',
    'cosh',
    'tanh',
    'coth',
    'sech',
    'csch',
    'arsinh',
    'arcosh',
    'artanh',
    'arcoth',
    'arsech',
    'arcsch',
  ],
  ...['log', 'ln', 'lg', 'exp', 'sqrt', 'max', 'min', 'gcd', 'lcm', 'cbrt', 'abs', 'floor', 'ceil', 'sgn'],
  ...['sinc', 'cis'],
  ...['factorial', 'binomial', 'nthroot'],
]);
/** A Map, as all tables that words of an answer are looked up in: an object also has `constructor` and its like. */
const ALIASES = new Map([
  ...['sin', 'cos', 'tan', 'cot', 'sec', 'csc'].map((name) => [`a${name}`, `arc${name}`] as const),
  ...['sinh', 'cosh', 'tanh', 'coth', 'sech', 'csch'].flatMap((name) => [
    [`a${name}`, `ar${name}`] as const,
    [`arc${name}`, `ar${name}`] as const,
  ]),
  ['tg', 'tan'],
  ['ctg', 'cot'],
  ['cotg', 'cot'],
  ['arctg', 'arctan'],
  ['arcctg', 'arccot'],
  ['cosec', 'csc'],
  ['cosech', 'csch'],
  ['sign', 'sgn'],
  ['signum', 'sgn'],
  ['ceiling', 'ceil'],
  ['inf', 'infty'],
  ['oo', 'infty'],
  ['infinity', 'infty'],
  ['lg', 'log'],
  ['nCr', 'binomial'],
]);
/** `binom(8, 3)`; `\binom` has its two arguments in braces. */
const PLAIN_ALIASES = new Map([
  ['binom', 'binomial'],
  ['nthRoot', 'nthroot'],
]);
const NAMES = new Set([...FUNCTIONS, 'pi', 'infty', 'and', 'or', 'theta', 'cup', 'in', 'times']);
/** `sinx` is a sine; but `since` is a word. */
const PREFIX = /^(?:arcsin|arccos|arctan|sin|cos|tan|sqrt|ln|log|exp)(?=[a-z]{1,2}$)/;
const WORDS = new Set(['since', 'line', 'tank', 'logic', 'cost']);
const GREEK = new Set([
  ...[
    'alpha',
    'beta',
    'gamma',
    'delta',
    'epsilon',
    'varepsilon',
    'theta',
    'lambda',
    'mu',
    'nu',
    'rho',
    'sigma',
  ],
  ...['tau', 'phi', 'varphi', 'omega', 'psi', 'xi', 'eta', 'zeta', 'kappa', 'ell', 'Delta', 'Gamma', 'Omega'],
  ...[
    'chi',
    'iota',
    'upsilon',
    'vartheta',
    'varrho',
    'varsigma',
    'Theta',
    'Lambda',
    'Sigma',
    'Phi',
    'Psi',
    'Xi',
    'Pi',
  ],
]);

/** Spelled out without a backslash; shorter names are products as well. */
const PLAIN_GREEK = new Set(
  [...GREEK].filter((name) => name.length > 2 && !/^(?:var|ell|eta|chi)/.test(name)),
);

/** Null for a text that has a character which no answer in maths has. Throws ROW_GRADE_LIMIT. */
export function readTokens(text: string, options: TokenOptions, budget: Budget): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  let depth = 0;
  while (at < text.length) {
    const start = at;
    while (text[at] === ' ') at += 1;
    if (at >= text.length) break;
    const spaced = at > start;
    spend(budget, 1);
    const read = readOne(text, at, depth > 0 ? { ...options, thousands: false } : options, budget);
    if (!read) return null;
    for (const [index, token] of read.tokens.entries()) {
      const own = { ...token, spaced: spaced && index === 0 } as Token;
      if (own.kind === 'sign' && /^[([]$|^\\\{$/.test(own.text)) depth += 1;
      if (own.kind === 'sign' && /^[)\]]$|^\\\}$/.test(own.text)) depth -= 1;
      tokens.push(own);
    }
    at = read.end;
  }
  return tokens;
}

type Bare = Token extends infer T ? (T extends Token ? Omit<T, 'spaced'> : never) : never;
interface Read {
  tokens: Bare[];
  end: number;
}

const one = (token: Bare, end: number): Read => ({ tokens: [token], end });

function readOne(text: string, at: number, options: TokenOptions, budget: Budget): Read | null {
  const char = text[at]!;
  if (/[0-9]/.test(char) || (char === '.' && /[0-9]/.test(text[at + 1] ?? '')))
    return readNumber(text, at, options, budget);
  if (char === '\\') return readCommand(text, at);
  if (/[A-Za-z]/.test(char)) return readLetters(text, at);
  const foreign = match(FOREIGN, text, at);
  if (foreign) return one({ kind: 'word', text: foreign[0] }, at + foreign[0].length);
  if (/[-+*/^_=<>()[\]{}|,;:!%&'?]/.test(char)) return one({ kind: 'sign', text: char }, at + 1);
  return null;
}

/** Words in other scripts: mostly units. */
const FOREIGN = /(?:(?![\x00-\x7f])[\p{L}\p{M}])+/uy;

/** In threes, or as in India, `12,34,567`. */
const GROUPED = /(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3})(?![\d])(?:\.\d+)?/y;
const SPACED = /[1-9]\d{0,2}(?: \d{3})+(?![\d])(?:\.\d+)?/y;
const PLAIN = /\d+(?:\.\d+)?|\.\d+/y;
const REPEATING = /\d*\.(\d*)\\(?:overline|bar|dot)\{(\d+)\}/y;
/** `0.333…`, `0.1666…`, `0.1212…`: a digit three times, or more digits twice, before the dots. */
const AND_SO_ON = /\d*\.(\d{0,40}?)(?:(\d)\2{2,60}|(\d{2,6})\3{1,30}) ?\\[lc]?dots(?![A-Za-z])/y;
const MORE_DIGITS = / ?\\[lc]?dots(?![A-Za-z])/y;
const EXPONENT = /[eE][-+]?\d+(?![A-Za-z\d])/y;

function readNumber(text: string, at: number, { thousands }: TokenOptions, budget: Budget): Read {
  const repeating = match(REPEATING, text, at) ?? match(AND_SO_ON, text, at);
  if (repeating) return readRepeating(repeating, at, budget);
  const found =
    (thousands && (match(GROUPED, text, at) ?? match(SPACED, text, at))) || match(PLAIN, text, at)!;
  const written = found[0].replace(/[, ]/g, '');
  let end = at + found[0].length;
  if (written.includes('.')) end += match(MORE_DIGITS, text, end)?.[0].length ?? 0;
  const exponent = match(EXPONENT, text, end);
  let value = decimalOf(written, budget);
  if (exponent) {
    end += exponent[0].length;
    const power = Number(exponent[0].slice(1));
    if (Math.abs(power) * 3.4 > budget.limits.bitsMax) throw overLimit(`has the exponent ${power}`);
    value = value.mul(new Fraction(10).pow(power)!);
  }
  const digits = written.includes('.') ? written.replace('.', '').replace(/^0+/, '').length : 0;
  return one({ kind: 'number', text: written, value, digits }, end);
}

/** `0.1\overline{6}` is exact. */
function readRepeating(found: RegExpExecArray, at: number, budget: Budget): Read {
  const [whole, fixed, period] = [found[0].split('.')[0]!, found[1]!, (found[2] ?? found[3])!];
  const nines = BigInt('9'.repeat(period.length) + '0'.repeat(fixed.length));
  const rest = new Fraction(BigInt(fixed + period) - BigInt(fixed || '0'), nines);
  const value = decimalOf(whole || '0', budget).add(rest);
  return one({ kind: 'number', text: found[0], value, digits: 0 }, at + found[0].length);
}

function decimalOf(written: string, budget: Budget): Fraction {
  if (written.length * 3.4 > budget.limits.bitsMax)
    throw overLimit(`has a number of ${written.length} digits`);
  const [whole, part = ''] = written.split('.');
  return new Fraction(BigInt(`${whole}${part}` || '0'), 10n ** BigInt(part.length));
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const COMMAND = /\\(?:[A-Za-z]+|.)/y;

function readCommand(text: string, at: number): Read | null {
  const [command] = match(COMMAND, text, at) ?? [''];
  const end = at + command.length;
  const name = command.slice(1);
  if (name === 'text') return readTextGroup(text, end);
  if (name === '\\') return one({ kind: 'sign', text: '\\\\' }, end);
  if (name === '{' || name === '}') return one({ kind: 'sign', text: command }, end);
  if (name === '%') return one({ kind: 'sign', text: '%' }, end);
  if (name === 'begin' || name === 'end') {
    const close = text.indexOf('}', end);
    if (text[end] !== '{' || close < 0) return null;
    return one({ kind: 'name', name: `${name} ${text.slice(end + 1, close)}` }, close + 1);
  }
  if (MARKED.has(name)) return readMarked(text, end, name);
  if (!/^[A-Za-z]+$/.test(name)) return null;
  if (GREEK.has(name) || /^(?:angle|triangle|partial|prime|hbar)$/.test(name))
    return one({ kind: 'symbol', name }, end);
  return one({ kind: 'name', name: ALIASES.get(name) ?? name }, end);
}

/** `\text{…}`: a word, a separator, or a symbol set upright. */
function readTextGroup(text: string, open: number): Read | null {
  const close = closingBrace(text, open);
  if (close < 0) return null;
  const inner = text.slice(open + 1, close).trim();
  const end = close + 1;
  if (inner === '') return { tokens: [], end };
  const join = /^,? ?(and|or)$|^[,;]$/i.exec(inner);
  if (join) return one({ kind: 'sign', text: join[1]?.toLowerCase() ?? ',' }, end);
  const joined = /^(.*[A-Za-z.]),? (and|or)$/i.exec(inner);
  if (joined) {
    const sign: Bare = { kind: 'sign', text: joined[2]!.toLowerCase() };
    return { tokens: [{ kind: 'word', text: joined[1]! }, sign], end };
  }
  const known = ALIASES.get(inner) ?? inner;
  if (FUNCTIONS.has(known) && !BEHIND_UNIT.get(inner)?.test(text.slice(end, end + 6)))
    return one({ kind: 'name', name: known }, end);
  // `\mathbf{i}` is a vector; `\mathrm{m}` a unit.
  if (/^[A-Za-z]$/.test(inner) && !isUnitLetter(inner)) return one({ kind: 'symbol', name: inner }, end);
  return one({ kind: 'word', text: inner }, end);
}

const MARKED = new Set(['overline', 'vec', 'hat', 'bar', 'tilde', 'dot', 'ddot']);

/** `\vec{v}`, `\overline{AB}`: a name of its own. */
function readMarked(text: string, open: number, mark: string): Read | null {
  const close = text[open] === '{' ? closingBrace(text, open) : -1;
  if (close < 0) return null;
  return one(
    { kind: 'symbol', name: `${mark} ${text.slice(open + 1, close).replace(/\s/g, '')}` },
    close + 1,
  );
}

const NUMBER_BEFORE = /(?:[\d})]|\\pi) ?$/;
const PER_BEFORE = /(?:\/|(?<![A-Za-z])per) ?$/;
/** What stands behind words that are units as well as something else: `5 min` and `min(5, x)`, `5 sec` and `5 sec x`, `5 in`. */
const BEHIND_UNIT = new Map([
  ['min', /^(?!\(| ?\\?\{| ?_)/],
  ['sec', /^(?! ?[\\(\d^_{]| ?[A-Za-z])|^ (?:and|or|per)(?![A-Za-z])/],
  ['in', /^ ?(?:$|[/^,.;)}]|(?:and|or|per)(?![A-Za-z]))/],
]);

function isPlainUnit(text: string, at: number, end: number, word: string): boolean {
  const before = text.slice(Math.max(0, at - 6), at);
  const after = text.slice(end, end + 6);
  if (word === 'per') return before.endsWith(' ') && /^ [A-Za-z\\]/.test(after);
  if (word === 'sq') return /\d ?$/.test(before) && /^ [a-z]/.test(after);
  const behind = BEHIND_UNIT.get(word);
  if (!behind) return false;
  return PER_BEFORE.test(before) || (NUMBER_BEFORE.test(before) && behind.test(after));
}

const LETTERS = /[A-Za-z]+/y;

function readLetters(text: string, at: number): Read {
  const [run] = match(LETTERS, text, at)!;
  const end = at + run.length;
  if (isPlainUnit(text, at, end, run)) return one({ kind: 'word', text: run }, end);
  const known = PLAIN_ALIASES.get(run) ?? ALIASES.get(run) ?? run;
  if (known === 'and' || known === 'or') return one({ kind: 'sign', text: known }, end);
  if (NAMES.has(known)) return one({ kind: 'name', name: known }, end);
  if (run.length === 1 || PLAIN_GREEK.has(run)) return one({ kind: 'symbol', name: run }, end);
  // `DeltaV`
  if (/^Delta[A-Za-z]$/.test(run)) return readLetters(text.slice(0, end - 1), at);
  const factors = /^([A-Za-z]{1,2}?)((?:a|arc)?(?:sinh?|cosh?|tanh?|cot|sec|csc)|sqrt|exp|ln|log)$/.exec(run);
  // `xsin(x)`: a function has its argument in brackets there.
  if (factors && text[end] === '(') return readLetters(text.slice(0, at + factors[1]!.length), at);
  if (
    text[end] === '(' &&
    run.length > 2 &&
    FUNCTIONS.has(ALIASES.get(run.toLowerCase()) ?? run.toLowerCase())
  )
    return one({ kind: 'name', name: ALIASES.get(run.toLowerCase()) ?? run.toLowerCase() }, end);
  const part = PREFIX.exec(run)?.[0];
  if (part && !WORDS.has(run.toLowerCase())) return readLetters(text.slice(0, at + part.length), at);
  const before = text.slice(Math.max(0, at - 3), at);
  if (/^[ap]m$/i.test(run) && /\d $|:\d\d$/.test(before)) return one({ kind: 'word', text: run }, end);
  if (isNumberWord(run) && /\d ?$/.test(before)) return one({ kind: 'word', text: run }, end);
  // `2xyz` is a product; `2 men` and `2 apples` are counts of something.
  const glued = /\d/.test(text[at - 1] ?? '');
  const counted =
    run.length >= 3 && /(?:\d|hundred|thousand|[mbr]illion) $/.test(text.slice(Math.max(0, at - 9), at));
  if (isUnit(run) || counted || (run.length >= 4 && !glued)) return one({ kind: 'word', text: run }, end);
  return { tokens: [...run].map((name) => ({ kind: 'symbol', name })), end };
}
