// Our grader on pairs of answers in files of JSON lines, { suite, gold, answer, same }, which are not part of this repository.
//   npm run build && node bench/grade/pairsOfFiles.mjs FILE… [--show=0]
// Each text is read as gradeAnswer reads it, or as a whole where it states no answer.
import { readFileSync } from 'node:fs';
import { sameAnswer } from '../../dist/src/grade/compare/sameAnswer.js';
import { printTable } from '../../dist/src/run/report/report.js';
import { finalAnswer, referenceAnswer } from '../../dist/src/text/finalAnswer.js';

const words = process.argv.slice(2);
const show = Number(words.find((word) => word.startsWith('--show='))?.slice('--show='.length) ?? 0);
const pairs = words
  .filter((word) => !word.startsWith('--'))
  .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'))
  .map((line) => JSON.parse(line))
  .map((pair) => ({ ...pair, verdict: verdictOf(pair) }));

/** True, false, or the code of what stopped it. */
function verdictOf({ gold, answer }) {
  const [reference, given] = [referenceAnswer(gold) ?? gold, finalAnswer(answer) ?? answer];
  if (reference === '' || given === '') return false;
  try {
    return sameAnswer(reference, given, { seed: 1 });
  } catch (error) {
    return error.code ?? `${error}`;
  }
}

const isRight = ({ same, verdict }) => verdict === same;

function row(title, own) {
  const right = own.filter(isRight).length;
  return [
    title,
    `${own.length}`,
    `${right} (${((100 * right) / own.length).toFixed(1)} %)`,
    `${own.filter(({ same, verdict }) => !same && verdict === true).length}`,
    `${own.filter(({ same, verdict }) => same && verdict === false).length}`,
    `${own.filter(({ verdict }) => typeof verdict === 'string').length}`,
  ];
}

const suites = [...new Set(pairs.map(({ suite }) => suite))];
const rows = suites.map((suite) =>
  row(
    suite,
    pairs.filter((pair) => pair.suite === suite),
  ),
);
const head = ['suite', 'pairs', 'right', 'false same', 'false other', 'not decided'];
console.log(printTable(head, [...rows, row('all', pairs)]));
for (const pair of pairs.filter((one) => !isRight(one)).slice(0, show)) console.log(JSON.stringify(pair));
