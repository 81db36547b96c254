import { ScaleQuestError } from '../../errors.js';
import type { GradeTask, Graded, GraderStart } from '../worker/graderMessages.js';
import { sameAnswer } from './sameAnswer.js';

/** One answer, here and now: without the deadline that `createGrader` gives. Never throws: an answer costs one row at most. */
export function gradeOne({ gold, answer, others }: GradeTask, options: GraderStart): Graded {
  const verdict = verdictOf(gold, answer, options);
  if (typeof verdict === 'string') return { grade: verdict };
  if (verdict) return { grade: 'correct' };
  const at = others.findIndex((other) => verdictOf(other, answer, options) === true);
  return { grade: 'wrong', sameAs: at < 0 ? null : at };
}

/** A code where the answers are beyond the limits, or where comparing them hits a bug. */
function verdictOf(
  left: string,
  right: string,
  options: GraderStart,
): boolean | 'ROW_GRADE_LIMIT' | 'ROW_GRADE_FAILED' {
  try {
    return sameAnswer(left, right, options);
  } catch (error) {
    const isLimit = error instanceof ScaleQuestError && error.code === 'ROW_GRADE_LIMIT';
    return isLimit ? 'ROW_GRADE_LIMIT' : 'ROW_GRADE_FAILED';
  }
}
