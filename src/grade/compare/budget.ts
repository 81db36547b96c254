import { RowError } from '../../errors.js';

/** What one comparison may cost at most: hostile answers end here, with the same result on every machine. */
export interface GradeLimits {
  /** Characters of an answer. */
  charsMax: number;
  /** Brackets, groups and functions inside each other. */
  depthMax: number;
  /** Bits of numerator or denominator of an exact number. */
  bitsMax: number;
  /** Units of work, of about 2 µs: one or more a token, comparison or sum, 20 a root, 300 a logarithm. */
  workMax: number;
}

export const GRADE_LIMITS: GradeLimits = {
  charsMax: 4000,
  depthMax: 60,
  bitsMax: 16_384,
  workMax: 100_000,
};

/** What is left of the limits during one comparison. */
export interface Budget {
  limits: GradeLimits;
  workLeft: number;
}

export function createBudget(limits: GradeLimits = GRADE_LIMITS): Budget {
  return { limits, workLeft: limits.workMax };
}

/** Throws ROW_GRADE_LIMIT when the budget is used up. */
export function spend(budget: Budget, work: number): void {
  budget.workLeft -= work;
  if (budget.workLeft < 0) throw overLimit(`needs more than ${budget.limits.workMax} units of work`);
}

export function overLimit(what: string): RowError {
  return new RowError('ROW_GRADE_LIMIT', `the answer ${what}; it counts as not graded`);
}
