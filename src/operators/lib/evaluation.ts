/**
 * Metrics of an evaluation, folded from graded rows: pass@1, pass@k, maj@k, each with a 95 % interval. Memory does not grow with
 * the rows.
 */

/** One problem: its graded samples, in the order drawn. */
export interface GradedRow {
  /** Null where a sample could not be graded; it counts as not correct, and is counted apart. */
  corrects: readonly (boolean | null)[];
  /** Equal numbers for equivalent answers; null where a sample states none or was not graded. Needed for maj@k. */
  answerClasses?: readonly (number | null)[];
}

/** A mean over problems. `low` and `high` bound it with 95 % confidence. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  /** Problems with enough samples; the others say nothing about this k. */
  problems: number;
}

export interface EvaluationMetrics {
  problems: number;
  samples: number;
  ungraded: number;
  unanswered: number;
  passAt1: Estimate | null;
  /** By k. */
  passAtK: Record<string, Estimate>;
  majAtK: Record<string, Estimate>;
}

/** Mean and sum of squared deviations of what was seen (Welford). */
interface Moments {
  count: number;
  mean: number;
  squares: number;
}

export interface EvaluationState {
  ks: readonly number[];
  problems: number;
  samples: number;
  ungraded: number;
  unanswered: number;
  passAt1: Moments;
  passAtK: Record<string, Moments>;
  majAtK: Record<string, Moments>;
}

const NOTHING: Moments = { count: 0, mean: 0, squares: 0 };

/** `ks`: numbers of samples for pass@k and maj@k. */
export function emptyEvaluation(ks: readonly number[]): EvaluationState {
  const moments = (): Record<string, Moments> => Object.fromEntries(ks.map((k) => [k, NOTHING]));
  return {
    ks,
    problems: 0,
    samples: 0,
    ungraded: 0,
    unanswered: 0,
    passAt1: NOTHING,
    passAtK: moments(),
    majAtK: moments(),
  };
}

/** The state with one more problem. A row without samples is counted as a problem and is no evidence otherwise. */
export function foldEvaluation(state: EvaluationState, row: GradedRow): EvaluationState {
  const { corrects, answerClasses } = row;
  const n = corrects.length;
  const right = corrects.filter((correct) => correct === true).length;
  const ungraded = corrects.filter((correct) => correct === null).length;
  const classless = answerClasses?.filter((answerClass) => answerClass === null).length ?? ungraded;
  const next: EvaluationState = {
    ...state,
    problems: state.problems + 1,
    samples: state.samples + n,
    ungraded: state.ungraded + ungraded,
    unanswered: state.unanswered + classless - ungraded,
    passAtK: { ...state.passAtK },
    majAtK: { ...state.majAtK },
  };
  if (n === 0) return next;
  next.passAt1 = withValue(state.passAt1, right / n);
  for (const k of state.ks.filter((count) => count <= n)) {
    next.passAtK[k] = withValue(state.passAtK[k]!, passAtK(n, right, k));
    if (answerClasses) next.majAtK[k] = withValue(state.majAtK[k]!, majAtK(row, k));
  }
  return next;
}

export function metricsOf(state: EvaluationState): EvaluationMetrics {
  const { problems, samples, ungraded, unanswered, passAt1 } = state;
  return {
    problems,
    samples,
    ungraded,
    unanswered,
    passAt1: estimateOf(passAt1),
    passAtK: estimates(state.passAtK),
    majAtK: estimates(state.majAtK),
  };
}

function estimates(moments: Readonly<Record<string, Moments>>): Record<string, Estimate> {
  return Object.fromEntries(
    Object.entries(moments).flatMap(([k, seen]) => {
      const estimate = estimateOf(seen);
      return estimate ? [[k, estimate]] : [];
    }),
  );
}

/**
 * The chance that at least one of k samples drawn without replacement from these n is right: 1 − C(n−c, k) / C(n, k), without bias
 * for the chance of k fresh samples (Chen et al. 2021, arXiv 2107.03374, equation 1). As a product: binomials overflow.
 */
export function passAtK(n: number, right: number, k: number): number {
  if (n - right < k) return 1;
  let missed = 1;
  for (let drawn = 0; drawn < k; drawn++) missed *= (n - right - drawn) / (n - drawn);
  return 1 - missed;
}

/**
 * The share of majority votes of k samples that are right, over the whole blocks of k that the samples make in order: without bias,
 * and with less noise than the first block alone. Samples without an answer do not vote; of equally many votes the answer that was
 * given first wins; where nobody votes, the vote is wrong.
 */
export function majAtK({ corrects, answerClasses = [] }: GradedRow, k: number): number {
  const blocks = Math.floor(corrects.length / k);
  let won = 0;
  for (let block = 0; block < blocks; block++) {
    const winner = majority(answerClasses, block * k, (block + 1) * k);
    if (winner !== null && corrects[winner] === true) won += 1;
  }
  return won / blocks;
}

/** The first sample of the commonest class in [from, to). */
function majority(classes: readonly (number | null)[], from: number, to: number): number | null {
  const votes = new Map<number, { first: number; count: number }>();
  for (let at = from; at < to; at++) {
    const answerClass = classes[at] ?? null;
    if (answerClass === null) continue;
    const vote = votes.get(answerClass) ?? { first: at, count: 0 };
    vote.count += 1;
    votes.set(answerClass, vote);
  }
  let best: { first: number; count: number } | null = null;
  for (const vote of votes.values()) if (!best || vote.count > best.count) best = vote;
  return best?.first ?? null;
}

function withValue({ count, mean, squares }: Moments, value: number): Moments {
  const delta = value - mean;
  const nextMean = mean + delta / (count + 1);
  return { count: count + 1, mean: nextMean, squares: squares + delta * (value - nextMean) };
}

/** The normal distribution's 97.5 % point. */
const Z = 1.959964;

/**
 * Wilson's interval for as many yes-or-no problems as would scatter like these: n = p(1−p) / (variance between problems), but no
 * fewer than the problems themselves. With one sample a problem this is Wilson's interval; with several, whose mean scatters less,
 * it is narrower. Unlike the normal and the bootstrap interval, it never leaves [0, 1] and does not shrink to nothing where all
 * problems agree. Samples of one problem are not independent, so problems are counted, not samples.
 */
function estimateOf({ count, mean, squares }: Moments): Estimate | null {
  if (count === 0) return null;
  const value = Math.min(1, Math.max(0, mean));
  const variance = squares / count;
  const spread = value * (1 - value);
  const trials = variance > 0 && spread > variance ? (count * spread) / variance : count;
  // Fewer than ten problems say little about their own scatter, so the wider of the two intervals is taken.
  return { value, ...wilson(value, count < 10 ? count : trials), problems: count };
}

/** Wilson 1927: the proportions that a score test at 5 % would not reject. */
export function wilson(share: number, trials: number): { low: number; high: number } {
  const square = Z * Z;
  const middle = (share + square / (2 * trials)) / (1 + square / trials);
  const half =
    (Z / (1 + square / trials)) * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials * trials));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
