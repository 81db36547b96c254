import type { OperatorSpec } from './lib/operator.js';

/**
 * Every operator, in the order of the method; docs, the editor's schema and the pipeline loader read this list. A new one has a file
 * of its name beside this one and a line here; `npm run docs` prints its exports into src/index.ts. Each file is loaded when it is
 * asked for, so that a pipeline file pays only for the operators that it names.
 */
const SPECS = {
  generate: async () => (await import('./generate.js')).generateSpec,
  sample: async () => (await import('./sample.js')).sampleSpec,
  rewrite: async () => (await import('./rewrite.js')).rewriteSpec,
  deduplicate: async () => (await import('./deduplicate.js')).deduplicateSpec,
  decontaminate: async () => (await import('./decontaminate.js')).decontaminateSpec,
  filterLanguage: async () => (await import('./filterLanguage.js')).filterLanguageSpec,
  judgeSolvability: async () => (await import('./judgeSolvability.js')).judgeSolvabilitySpec,
  scoreDifficulty: async () => (await import('./scoreDifficulty.js')).scoreDifficultySpec,
  sampleDifficulty: async () => (await import('./sampleDifficulty.js')).sampleDifficultySpec,
  filterReference: async () => (await import('./filterReference.js')).filterReferenceSpec,
  prompt: async () => (await import('./prompt.js')).promptSpec,
  respond: async () => (await import('./respond.js')).respondSpec,
  filterText: async () => (await import('./filterText.js')).filterTextSpec,
  filterAnswered: async () => (await import('./filterAnswered.js')).filterAnsweredSpec,
  judge: async () => (await import('./judge.js')).judgeSpec,
  judgePair: async () => (await import('./judgePair.js')).judgePairSpec,
  scoreReward: async () => (await import('./scoreReward.js')).scoreRewardSpec,
  runTests: async () => (await import('./runTests.js')).runTestsSpec,
  keepBest: async () => (await import('./keepBest.js')).keepBestSpec,
  gradeAnswer: async () => (await import('./gradeAnswer.js')).gradeAnswerSpec,
  measureAccuracy: async () => (await import('./measureAccuracy.js')).measureAccuracySpec,
  rateFailures: async () => (await import('./rateFailures.js')).rateFailuresSpec,
  calibrateDifficulty: async () => (await import('./calibrateDifficulty.js')).calibrateDifficultySpec,
  unnest: async () => (await import('./unnest.js')).unnestSpec,
  wrapQuestion: async () => (await import('./wrapQuestion.js')).wrapQuestionSpec,
  custom: async () => (await import('./custom.js')).customSpec,
} satisfies Record<string, () => Promise<object>>;

export type OperatorName = keyof typeof SPECS;

export const OPERATOR_NAMES = Object.keys(SPECS) as OperatorName[];

/** The operator of that name; names are exact. */
export async function loadOperator(name: OperatorName): Promise<OperatorSpec>;
export async function loadOperator(name: string): Promise<OperatorSpec | undefined>;
export async function loadOperator(name: string): Promise<OperatorSpec | undefined> {
  if (!Object.hasOwn(SPECS, name)) return undefined;
  return (await SPECS[name as OperatorName]()) as unknown as OperatorSpec;
}

/** All of them, in their order. */
export function loadOperators(): Promise<OperatorSpec[]> {
  return Promise.all(OPERATOR_NAMES.map((name) => loadOperator(name)));
}
