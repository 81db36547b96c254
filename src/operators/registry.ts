import { calibrateDifficultySpec } from './calibrateDifficulty.js';
import { customSpec } from './custom.js';
import { decontaminateSpec } from './decontaminate.js';
import { deduplicateSpec } from './deduplicate.js';
import { filterAnsweredSpec } from './filterAnswered.js';
import { filterLanguageSpec } from './filterLanguage.js';
import { filterReferenceSpec } from './filterReference.js';
import { generateSpec } from './generate.js';
import { gradeAnswerSpec } from './gradeAnswer.js';
import { judgeSolvabilitySpec } from './judgeSolvability.js';
import { keepBestSpec } from './keepBest.js';
import { measureAccuracySpec } from './measureAccuracy.js';
import type { OperatorSpec } from './lib/operator.js';
import { rateFailuresSpec } from './rateFailures.js';
import { respondSpec } from './respond.js';
import { rewriteSpec } from './rewrite.js';
import { sampleDifficultySpec } from './sampleDifficulty.js';
import { scoreDifficultySpec } from './scoreDifficulty.js';
import { scoreRewardSpec } from './scoreReward.js';
import { unnestSpec } from './unnest.js';
import { wrapQuestionSpec } from './wrapQuestion.js';

export { type GenerateOptions, type GeneratorShare, generate } from './generate.js';
export {
  type QuestionTemplate,
  type RewriteDirections,
  type RewriteOptions,
  type RewritePrompts,
  type RewrittenColumns,
  rewrite,
} from './rewrite.js';
export { type DeduplicateOptions, deduplicate } from './deduplicate.js';
export { type BenchmarkOptions, type DecontaminateOptions, decontaminate } from './decontaminate.js';
export { type FilterLanguageOptions, filterLanguage } from './filterLanguage.js';
export { type JudgeSolvabilityOptions, judgeSolvability } from './judgeSolvability.js';
export { type ScoreDifficultyOptions, scoreDifficulty } from './scoreDifficulty.js';
export { type SampleDifficultyOptions, sampleDifficulty } from './sampleDifficulty.js';
export { type FilterReferenceOptions, filterReference } from './filterReference.js';
export { type RespondOptions, respond } from './respond.js';
export { type FilterAnsweredOptions, filterAnswered } from './filterAnswered.js';
export { type ScoreRewardOptions, scoreReward } from './scoreReward.js';
export { type KeepBestOptions, type RankedColumns, keepBest } from './keepBest.js';
export {
  type GradeAnswerOptions,
  type GradeColumns,
  type GradedColumns,
  gradeAnswer,
} from './gradeAnswer.js';
export { type MeasureAccuracyOptions, type MeasuredColumns, measureAccuracy } from './measureAccuracy.js';
export { type RateFailuresOptions, rateFailures } from './rateFailures.js';
export { type CalibrateDifficultyOptions, calibrateDifficulty } from './calibrateDifficulty.js';
export { type ItemsWritten, type ListsRead, type UnnestOptions, unnest } from './unnest.js';
export { type WrapQuestionOptions, wrapQuestion } from './wrapQuestion.js';

/**
 * Every operator, in the order of the method; the library, docs, the editor's schema and the pipeline loader read this list. A new
 * one has a file of its name beside this one; what it exports is exported above, and its spec stands in the list.
 */
export const OPERATORS: readonly OperatorSpec[] = [
  generateSpec,
  rewriteSpec,
  deduplicateSpec,
  decontaminateSpec,
  filterLanguageSpec,
  judgeSolvabilitySpec,
  scoreDifficultySpec,
  sampleDifficultySpec,
  filterReferenceSpec,
  respondSpec,
  filterAnsweredSpec,
  scoreRewardSpec,
  keepBestSpec,
  gradeAnswerSpec,
  measureAccuracySpec,
  rateFailuresSpec,
  calibrateDifficultySpec,
  unnestSpec,
  wrapQuestionSpec,
  customSpec,
].map((spec) => spec as unknown as OperatorSpec);

/** The operator of that name; names are exact. */
export function operatorNamed(name: string): OperatorSpec | undefined {
  return OPERATORS.find((spec) => spec.name === name);
}
