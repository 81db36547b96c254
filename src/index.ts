/** The one barrel: what programs may import from 'scalequest'. */

// Programs may pipe steps over any source.
import './flow/steps/loadStepStreams.js';

// Run a pipeline file.
export { type PipelineRun, type RunOutcome, runPipeline } from './run/runPipeline.js';
export {
  type CheckOptions,
  type PipelineCheck,
  type PlannedChain,
  type PipelineOptions,
  type RunOptions,
  checkPipeline,
  planChain,
  planPipeline,
} from './run/plan/planPipeline.js';
export type * from './run/events.js';
export type { FinalStats, Performance, Report, RunResult } from './run/report/report.js';
export {
  type ModelsWait,
  type RunState,
  type ServerWait,
  type StepNow,
  type TrainingNow,
  type TroubleWait,
  type Wait,
  type WorkersWait,
  newRunState,
  nextRunState,
} from './run/monitor/runState.js';
export type { ModelRates, ModelSample, RateSample, RunRates } from './run/monitor/rates.js';
export type { ModelTotals, RunTotals } from './run/monitor/totals.js';
export type { OmittedParts, Plan } from './pipeline/plan.js';
export type { CheckedPipeline } from './pipeline/check/check.js';
export { printPlan } from './pipeline/printPlan.js';
export { type PipelinePreview, type PreviewOptions, previewPipeline } from './run/plan/previewPipeline.js';
export type { RowEffect, RowKept, RowLost, RowTrace } from './run/stream/previewPlan.js';
export {
  type ChainEvent,
  type ChainRun,
  type LinkFinishedEvent,
  type LinkRunsEvent,
  type LinkStartedEvent,
  runChain,
} from './run/chain/runChain.js';
export { type PipelineTraining, trainPipeline } from './run/trainPipeline.js';
export {
  type PruneBefore,
  type PruneDamaged,
  type PruneRun,
  type PrunedReplies,
  type ReplyPrune,
  describeReplies,
  exportReplies,
  pruneReplies,
} from './run/open/replyStore.js';
export {
  type DiffRunsOptions,
  type DiffSide,
  type DistributionPair,
  type RunDiff,
  diffRuns,
} from './run/diff/diffRuns.js';
export type { Distribution } from './run/diff/distribution.js';
export type { SettingChange } from './run/diff/comparable.js';
export type { Fate, FateChange, RowExample, RowsCompared, ValueChange } from './page/view/rowsCompared.js';
export { type ProcessUse, type WatchProcess } from './run/processUse.js';
export { type SystemWorld, systemWorld } from './run/systemWorld.js';

// Watch a run.
export { type ServedRunMetrics, openMetrics } from './metrics/openMetrics.js';
export type { MetricsAddress } from './metrics/serveMetrics.js';
export { type OtlpOptions, type OtlpSender, type Unsent, openOtlp } from './metrics/otlp/openOtlp.js';

// Share a set.
export { type PushOptions, type PushResult, pushRun } from './hub/pushRun.js';

// Connect operators in a pipe.
export {
  type CollectedRows,
  type Connect,
  type SeqOnly,
  type StreamOptions,
  collectRows,
} from './run/collectRows.js';
export { type ShardsOptions, writeShards } from './run/writeShards.js';
export { createContext } from './run/open/createContext.js';
export { type SourceColumns, type SourceRow, fromRows } from './flow/fromRows.js';
export type { ReadRows } from './flow/gate.js';
export type { Totals } from './flow/commitShards.js';
export { readTexts } from './io/sources/readTexts.js';
export { type ReadTableOptions, readTable } from './io/sources/readTable.js';
export type { Table } from './arrow/table.js';
// Printed from src/operators/registry.ts by `npm run docs`: an operator and its public types.
export { type GenerateOptions, type GeneratorShare, generate } from './operators/generate.js';
export {
  type SampleOptions,
  type SampledColumnOptions,
  type SampledNormalOptions,
  type SampledTableOptions,
  sample,
} from './operators/sample.js';
export {
  type QuestionTemplate,
  type RewriteDirections,
  type RewriteOptions,
  type RewritePrompts,
  type RewrittenColumns,
  rewrite,
} from './operators/rewrite.js';
export { type DeduplicateOptions, deduplicate } from './operators/deduplicate.js';
export {
  type BenchmarkOptions,
  type DecontaminateOptions,
  decontaminate,
} from './operators/decontaminate.js';
export { type FilterLanguageOptions, filterLanguage } from './operators/filterLanguage.js';
export { type JudgeSolvabilityOptions, judgeSolvability } from './operators/judgeSolvability.js';
export { type ScoreDifficultyOptions, scoreDifficulty } from './operators/scoreDifficulty.js';
export { type SampleDifficultyOptions, sampleDifficulty } from './operators/sampleDifficulty.js';
export { type FilterReferenceOptions, filterReference } from './operators/filterReference.js';
export { type PromptOptions, prompt } from './operators/prompt.js';
export { type RespondOptions, respond } from './operators/respond.js';
export { type FilterTextOptions, filterText } from './operators/filterText.js';
export { type FilterAnsweredOptions, filterAnswered } from './operators/filterAnswered.js';
export { type JudgeCriterionOptions, type JudgeOptions, judge } from './operators/judge.js';
export { type JudgePairOptions, judgePair } from './operators/judgePair.js';
export { type RewardColumns, type ScoreRewardOptions, scoreReward } from './operators/scoreReward.js';
export {
  type RunTestsOptions,
  type TestColumns,
  type TestedColumns,
  runTests,
} from './operators/runTests.js';
export {
  type BestColumns,
  type KeepBestOptions,
  type RankedColumns,
  keepBest,
} from './operators/keepBest.js';
export {
  type GradeAnswerOptions,
  type GradeColumns,
  type GradedColumns,
  gradeAnswer,
} from './operators/gradeAnswer.js';
export {
  type MeasureAccuracyOptions,
  type MeasuredColumns,
  measureAccuracy,
} from './operators/measureAccuracy.js';
export { type RateFailuresOptions, rateFailures } from './operators/rateFailures.js';
export { type CalibrateDifficultyOptions, calibrateDifficulty } from './operators/calibrateDifficulty.js';
export { type ItemsWritten, type ListsRead, type UnnestOptions, unnest } from './operators/unnest.js';
export { type WrapQuestionOptions, wrapQuestion } from './operators/wrapQuestion.js';
// End of the printed exports.
export type { OperatorSpec, RunContext } from './operators/lib/operator.js';

// Define operators of your own.
export { type DefinedOperator, defineOperator } from './operators/lib/defineOperator.js';
export type {
  BatchTools,
  OperatorDefinition,
  OptionsJsonSchema,
  OwnMemory,
  OwnNeed,
  PrepareTools,
  RowDecision,
  RowTools,
} from './operators/lib/own/operatorDefinition.js';
export {
  type DescribeOptions,
  type DescribedOperators,
  describeOperators,
} from './run/operators/describeOperators.js';
export { type OperatorTest, type TestedRows, testOperator } from './run/operators/testOperator.js';
export type { TestReplies } from './run/operators/testModel.js';
export type { AskHow, AskTools } from './operators/lib/own/askTools.js';
export type { StandardSchema } from './operators/lib/own/standardSchema.js';
export { mapRows } from './flow/steps/mapRows.js';
export { scanRows } from './flow/steps/scanRows.js';
export { KEEP, type Outcome, type Scan, type StepShape, drop, keep, multiply } from './flow/steps/outcome.js';
export type { Batch, BatchOperator } from './flow/batch.js';
export type { CommittedDeltas } from './flow/committedDeltas.js';
export type { LostRow, RowEvent, StateDelta } from './flow/rowEvents.js';
export type * from './flow/steps/columnTypes.js';
export { type Column, type ColumnType, type ColumnValue, SEQ_INDEX_COLUMN } from './arrow/columnType.js';

// Models.
export { openModel } from './backends/openModel.js';
export type {
  CallRecord,
  Choice,
  ChooseRequest,
  CompleteRequest,
  Message,
  Model,
  ModelStats,
  ReplicaStats,
} from './backends/model.js';
export { type DoubleBos, type DoubleBosQuestion, findDoubleBos } from './backends/templates/doubleBos.js';

// Errors.
export { ERROR_CODES, type ErrorCode, RowError, ScaleQuestError } from './errors.js';
