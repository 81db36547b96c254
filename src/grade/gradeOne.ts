import { ScaleQuestError } from '../errors.js';
import type { GradeTask, Graded, GraderStart } from './graderMessages.js';
import { sameAnswer } from './sameAnswer.js';

/** One answer, here and now: without the deadline that `createGrader` gives. */
export function gradeOne({ gold, answer, others }: GradeTask, options: GraderStart): Graded {
  const right = sameOrTooHard(gold, answer, options);
  if (right === null) return { grade: 'ROW_GRADE_LIMIT' };
  if (right) return { grade: 'correct' };
  const at = others.findIndex((other) => sameOrTooHard(other, answer, options) === true);
  return { grade: 'wrong', sameAs: at < 0 ? null : at };
}

/** Null where the answers are beyond the limits. */
function sameOrTooHard(left: string, right: string, options: GraderStart): boolean | null {
  try {
    return sameAnswer(left, right, options);
  } catch (error) {
    if (error instanceof ScaleQuestError && error.code === 'ROW_GRADE_LIMIT') return null;
    throw error;
  }
}
