import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMsOf } from '../../bench/linear/readers.js';
import { ScaleQuestError } from '../../src/errors.js';
import { GRADE_LIMITS } from '../../src/grade/compare/budget.js';
import { sameAnswer } from '../../src/grade/compare/sameAnswer.js';
import { FUNCTIONS } from '../../src/grade/parse/tokens.js';
import { randomFrom } from '../../src/random.js';
import { cases } from '../helpers/texts/cases.js';

/**
 * Answers made to cost as much as they can: rows, chains and lists of each function, of many arguments. The budget of work must end each
 * before it costs 250 ms of CPU. `LONG_ANSWERS_SEED` repeats a run; `npm run test:slow` tries all kinds.
 */

const SEED = Number(process.env['LONG_ANSWERS_SEED'] ?? Date.now() % 1_000_000);
const TRIES = cases(12, 600);
const CPU_MS_MAX = 250;

type Random = () => number;

const ONE_ARGUMENT = [...FUNCTIONS]
  .filter((name) => !/^(?:max|min|gcd|lcm|log|lg|binomial)$/.test(name))
  .map((name) => (of: string) => `\\operatorname{${name}}(${of})`);
const APPLIED: readonly ((of: string) => string)[] = [
  ...ONE_ARGUMENT,
  (of) => `\\log_3(${of})`,
  (of) => `\\log_{x}(${of})`,
  (of) => `\\log(${of})`,
  (of) => `\\sqrt[3]{${of}}`,
  (of) => `\\sqrt[7]{1+${of}}`,
  (of) => `(${of})^{1/3}`,
  (of) => `(${of})^{x}`,
  (of) => `(${of})^{9007199254740991}`,
  (of) => `e^{${of}}`,
  (of) => `|${of}|`,
  (of) => `\\frac{1}{${of}}`,
  (of) => `(2+i)(${of})`,
  (of) => `\\binom{${of}}{200}`,
  (of) => `\\binom{${of}}{7}`,
  (of) => `\\max(${of},x,2)`,
  (of) => `\\gcd(${of},3^{7000})`,
  (of) => `\\sum_{k=1}^{400}(k+${of})`,
  (of) => `\\prod_{k=1}^{9}(${of})`,
  (of) => `\\begin{pmatrix}1&${of}\\\\2&x\\end{pmatrix}`,
  (of) => `\\pm ${of}`,
];
const ARGUMENTS: readonly string[] = [
  ...[
    'x',
    'x+y',
    '-x',
    'ix',
    '2',
    '0.5',
    '1/3',
    '-2',
    '3+i',
    '\\pi',
    '10^{9}',
    '10^{900000000}',
    '10^{-900000000}',
  ],
  ...['200', '7^{5000}', '1.234567', '0.1234567890123456789', '9'.repeat(200), '10^{15}/7', '1+10^{-20}'],
];
const JOINS: readonly string[] = ['', '+', '-', '\\cdot ', ',', ' or ', '<', '=', '^', '\\cup ', '/', ';'];

function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)]!;
}

/** Chains of up to a few dozen functions, each in the next. */
function chain(random: Random): string {
  const links = Math.ceil(random() ** 2 * 25);
  const own = [pick(APPLIED, random), random() < 0.5 ? pick(APPLIED, random) : null];
  let text = pick(ARGUMENTS, random);
  for (let at = 0; at < links; at++) text = (own[at % 2] ?? own[0]!)(text);
  return text;
}

/** One answer of nearly the length that is read, and another that differs in its order. */
function pair(random: Random): [string, string] {
  const join = pick(JOINS, random);
  const kinds = [chain(random), chain(random)];
  const isAlike = random() < 0.5;
  const parts: string[] = [];
  for (let chars = 0; ;) {
    const part = `${isAlike ? kinds[0]! : pick(kinds, random)}${random() < 0.5 ? '' : `+${parts.length}`}`;
    chars += part.length + join.length;
    if (chars > GRADE_LIMITS.charsMax * Math.max(0.02, random())) break;
    parts.push(part);
  }
  if (parts.length === 0) parts.push(kinds[0]!);
  const isSet = random() < 0.2;
  const text = (of: string[]): string => (isSet ? `\\{${of.join(join)}\\}` : of.join(join));
  return [text(parts), random() < 0.5 ? text(parts.toReversed()) : 'x+7'];
}

function grade(left: string, right: string): string {
  try {
    return String(sameAnswer(left, right, { seed: 1 }));
  } catch (error) {
    assert.ok(error instanceof ScaleQuestError, `${left}: ${(error as Error).stack}`);
    return error.code;
  }
}

test(`no answer costs more than ${CPU_MS_MAX} ms: ${TRIES} long ones, seed ${SEED}`, (context) => {
  let most = { cpuMs: 0, text: '', verdict: '' };
  for (let at = 0; at < TRIES; at++) {
    const [left, right] = pair(randomFrom(SEED + at));
    let verdict = '';
    const once = (): number => cpuMsOf(() => (verdict = grade(left, right)));
    const cpuMs = Math.min(once(), once());
    if (cpuMs > most.cpuMs)
      most = { cpuMs, verdict, text: `try ${at}: ${left.slice(0, 90)} … ${right.slice(0, 20)}` };
    const where = `LONG_ANSWERS_SEED=${SEED}, try ${at}: ${JSON.stringify([left.slice(0, 300), right.slice(0, 300)])}`;
    assert.ok(cpuMs <= CPU_MS_MAX || once() <= CPU_MS_MAX, `${where}: ${cpuMs} ms`);
  }
  context.diagnostic(`the most: ${most.cpuMs.toFixed(0)} ms, ${most.verdict}, ${most.text}`);
});

const ENDLESS = [
  '\\arctan(10^{900000000})',
  '\\arctan(-10^{-900000000})',
  '\\arcsin(10^{-900000000})',
  '\\sech(10^{15})',
];

for (const answer of ENDLESS) {
  test(`${answer} is decided`, () => assert.equal(grade(answer, '7'), 'false'));
}

test('an arc tangent of what is larger than all our digits is a right angle', () => {
  assert.equal(grade('\\arctan(e^{2000000000})', '\\frac{\\pi}{2}'), 'true');
  assert.equal(grade('\\arctan(-e^{2000000000})', '-\\frac{\\pi}{2}'), 'true');
});

test('eleven logarithms with a base, one in the other, and a list of decimals read backwards', () => {
  const chainOfLogs = `${'\\log_3 '.repeat(11)}x`;
  assert.ok(Math.min(...[1, 2, 3].map(() => cpuMsOf(() => grade(chainOfLogs, '7')))) <= CPU_MS_MAX);
  const decimals = Array.from({ length: 450 }, (_, at) => `1.23${1000 + at}`);
  const [there, back] = [decimals, decimals.toReversed()].map((items) => `\\{${items.join(',')}\\}`);
  assert.ok(Math.min(...[1, 2, 3].map(() => cpuMsOf(() => grade(there!, back!)))) <= CPU_MS_MAX);
});
