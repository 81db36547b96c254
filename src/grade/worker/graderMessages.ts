import type { GradeLimits } from '../compare/budget.js';

/** What the grader's thread is started with. */
export interface GraderStart {
  seed: number;
  limits: GradeLimits;
}

/** One answer against the reference, and, where it is wrong, against other wrong ones. */
export interface GradeTask {
  gold: string;
  answer: string;
  others: readonly string[];
}

/** `sameAs`: index of the first of `others` that says the same as a wrong answer; null where none does. */
export type Graded =
  | { grade: 'correct' }
  | { grade: 'wrong'; sameAs: number | null }
  /** Not graded: beyond the limits, its thread had to be stopped, or the grader has a bug. */
  | { grade: 'ROW_GRADE_LIMIT' | 'ROW_GRADE_TIMEOUT' | 'ROW_GRADE_FAILED' };

export type FromGrader = { kind: 'ready' } | { kind: 'graded'; graded: Graded };
