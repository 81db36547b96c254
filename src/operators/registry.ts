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

/** Every operator, in the order of the method; docs, the editor's schema and the pipeline loader read this list. */
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

export function operatorNamed(name: string): OperatorSpec | undefined {
  return OPERATORS.find((spec) => spec.name === name);
}
