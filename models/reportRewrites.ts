// Judges rewritten questions by the exact solver:
//   node dist/models/reportRewrites.js rewrites.json
import { readFileSync } from 'node:fs';
import { readFinalQuestion } from '../src/text/finalQuestion.js';
import { solve } from './solver.js';

/** What evaluate_rewriter.py writes: answers are the bundled model's to several samples, null where none is boxed. */
interface Rewrite {
  source: string;
  direction: string;
  question: string;
  reply: string;
  answersBefore: (string | null)[];
  answersAfter: (string | null)[];
}

const file = process.argv[2];
if (file === undefined) throw new Error('usage: reportRewrites.js rewrites.json');
const rewrites = JSON.parse(readFileSync(file, 'utf8')) as Rewrite[];

function finalQuestion(reply: string): string | null {
  try {
    return readFinalQuestion(reply);
  } catch {
    return null;
  }
}

/** The share of wrong answers to a sound question. */
function failRate(answer: string, given: (string | null)[]): number {
  return given.filter((each) => each !== answer).length / given.length;
}

const judged = rewrites.map((row) => {
  const before = solve(row.question);
  const text = finalQuestion(row.reply);
  const after = text === null ? null : solve(text);
  const isBothSound = before.kind === 'sound' && after?.kind === 'sound';
  return {
    group: `${row.direction}, ${row.source}`,
    kind: before.kind,
    isRead: text !== null,
    isSame: text === row.question.trim(),
    isSound: after?.kind === 'sound',
    fails: isBothSound
      ? [failRate(before.answer, row.answersBefore), failRate(after.answer, row.answersAfter)]
      : null,
  };
});

const mean = (values: number[]) =>
  values.length === 0
    ? null
    : Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3));
const share = (rows: typeof judged, is: (row: (typeof judged)[number]) => boolean) =>
  mean(rows.map((row) => Number(is(row))));

const report = Object.fromEntries(
  [...new Set(judged.map(({ group }) => group))].map((group) => {
    const rows = judged.filter((row) => row.group === group);
    const ofKind = (kind: string) => rows.filter((row) => row.kind === kind);
    const pairs = rows.flatMap(({ fails }) => (fails ? [fails] : []));
    return [
      group,
      {
        count: rows.length,
        read: share(rows, (row) => row.isRead),
        soundBefore: share(rows, (row) => row.kind === 'sound'),
        soundAfter: share(rows, (row) => row.isSound),
        soundAfterSound: share(ofKind('sound'), (row) => row.isSound),
        soundAfterFlawed: share(ofKind('flawed'), (row) => row.isSound),
        soundAfterUnknown: share(ofKind('unknown'), (row) => row.isSound),
        unchangedOfSound: share(ofKind('sound'), (row) => row.isSame),
        failRateBefore: mean(pairs.map(([before]) => before!)),
        failRateAfter: mean(pairs.map(([, after]) => after!)),
        harder: mean(pairs.map(([before, after]) => Number(after! > before!))),
        easier: mean(pairs.map(([before, after]) => Number(after! < before!))),
      },
    ];
  }),
);
console.log(JSON.stringify(report, null, 1));
