// Our grader against math-verify on made-up pairs whose truth is known; README.md has a measured table.
//   npm run bench:grade -- [--seed=1] [--cases=20] [--show=0]
// Makes an environment for math-verify, .venv-grade, once, and again when its requirements change. Python 3.10+.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawPairs } from '../../dist/bench/grade/pairs.js';
import { GRADE_LIMITS } from '../../dist/src/grade/compare/budget.js';
import { createGrader } from '../../dist/src/grade/worker/grader.js';
import { sameAnswer } from '../../dist/src/grade/compare/sameAnswer.js';
import { printTable } from '../../dist/src/run/report/report.js';

const here = dirname(fileURLToPath(import.meta.url));
const venv = join(here, '..', '..', '.venv-grade');
const python = join(venv, 'bin', 'python');
const INSTALL_LIMIT_MS = 240_000;

function flag(name, fallback) {
  return Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? fallback);
}

function run(command, args, more = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...more,
  });
  if (status !== 0) throw new Error(error?.message ?? stderr.trim().split('\n').slice(-3).join('\n'));
  return stdout;
}

function install() {
  const requirements = join(here, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  const stamp = join(venv, 'installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  run('python3', ['-m', 'venv', venv], { timeout: INSTALL_LIMIT_MS });
  run(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements], { timeout: INSTALL_LIMIT_MS });
  writeFileSync(stamp, wanted);
}

/** [verdict, seconds] of each pair. */
function judgeOurs(pairs) {
  sameAnswer('1', '2', { seed: 1 });
  return pairs.map(({ gold, answer }) => {
    const startedMs = performance.now();
    let verdict;
    try {
      verdict = sameAnswer(gold, answer, { seed: 1 });
    } catch (error) {
      verdict = error.code;
    }
    return { verdict, seconds: (performance.now() - startedMs) / 1000 };
  });
}

async function secondsInThread(pairs) {
  const grader = createGrader({ seed: 1, limits: GRADE_LIMITS, timeoutMs: 2000 });
  await grader.grade({ gold: '1', answer: '2', others: [] });
  const startedMs = performance.now();
  for (const { gold, answer } of pairs) await grader.grade({ gold, answer, others: [] });
  const seconds = (performance.now() - startedMs) / 1000;
  await grader.close();
  return seconds;
}

function judgeTheirs(pairs) {
  const input = pairs.map((pair) => JSON.stringify(pair)).join('\n');
  return run(python, [join(here, 'verify.py')], { input })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const falseSame = (pairs, judged) => pairs.filter(({ same }, at) => !same && judged[at].verdict === true);
const falseOther = (pairs, judged) => pairs.filter(({ same }, at) => same && judged[at].verdict !== true);
const ms = (seconds) => (seconds * 1000).toFixed(2);
const at = (judged, share) =>
  judged.map(({ seconds }) => seconds).sort((a, b) => a - b)[Math.floor((judged.length - 1) * share)];

function summary(title, pairs, judged) {
  const total = judged.reduce((sum, { seconds }) => sum + seconds, 0);
  const right = pairs.filter(({ same }, index) => (judged[index].verdict === true) === same).length;
  return [
    title,
    `${right} of ${pairs.length}`,
    `${falseSame(pairs, judged).length}`,
    `${falseOther(pairs, judged).length}`,
    ms(total / pairs.length),
    ms(at(judged, 0.5)),
    ms(at(judged, 0.99)),
    ms(at(judged, 1)),
  ];
}

install();
const [seed, cases, show] = [flag('seed', 1), flag('cases', 20), flag('show', 0)];
const pairs = drawPairs(seed, cases);
const ours = judgeOurs(pairs);
const theirs = judgeTheirs(pairs);
const agreed = pairs.filter(
  (_, index) => (ours[index].verdict === true) === (theirs[index].verdict === true),
);
const threadS = await secondsInThread(pairs);

console.log(`node bench/grade/run.mjs --seed=${seed} --cases=${cases}`);
console.log(`${pairs.length} pairs, ${pairs.filter(({ same }) => same).length} of them the same; `);
console.log(`the two agree on ${agreed.length} (${((100 * agreed.length) / pairs.length).toFixed(1)} %)\n`);
const head = ['grader', 'right', 'false same', 'false other', 'ms a pair', 'median', '99 %', 'most'];
console.log(printTable(head, [summary('ours', pairs, ours), summary('math-verify 0.9.0', pairs, theirs)]));
console.log(`\nours in its thread: ${ms(threadS / pairs.length)} ms a pair\n`);

const kinds = [...new Set(pairs.map(({ kind }) => kind))];
const rows = kinds.map((kind) => {
  const own = pairs.flatMap((pair, index) => (pair.kind === kind ? [index] : []));
  const pick = (list) => own.map((index) => list[index]);
  const count = (judged) => [falseSame, falseOther].map((of) => `${of(pick(pairs), pick(judged)).length}`);
  return [kind, `${own.length}`, ...count(ours), ...count(theirs)];
});
console.log(
  printTable(
    ['kind', 'pairs', 'ours: false same', 'false other', 'math-verify: false same', 'false other'],
    rows,
  ),
);
for (const [name, judged] of Object.entries({ ours, theirs })) {
  const wrong = pairs.flatMap((pair, index) =>
    (judged[index].verdict === true) === pair.same ? [] : [{ ...pair, verdict: judged[index].verdict }],
  );
  for (const pair of wrong.slice(0, show)) console.log(name, JSON.stringify(pair));
}
