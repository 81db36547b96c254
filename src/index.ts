/** The one barrel: what programs may import from 'scalequest'. */
export { type Column, type ColumnType, type ColumnValue } from './arrow/columnType.js';
export { type DoubleBos, type DoubleBosQuestion, findDoubleBos } from './backends/templates/doubleBos.js';
export type { Choice, ChooseRequest, CompleteRequest, Message, Model, ModelStats } from './backends/model.js';
export { openModel } from './backends/openModel.js';
export { ERROR_CODES, type ErrorCode, RowError, ScaleQuestError } from './errors.js';
export type { Batch, BatchOperator } from './flow/batch.js';
export type { LostRow, RowEvent, StateDelta } from './flow/rowEvents.js';
export type { Totals } from './flow/commitShards.js';
export { type SourceColumns, type SourceRow, fromRows } from './flow/fromRows.js';
export type { ReadRows } from './flow/gate.js';
export { mapRows } from './flow/mapRows.js';
export type * from './flow/columnTypes.js';
export { KEEP, type Outcome, type StepShape, drop, keep, multiply } from './flow/outcome.js';
export { type Scan, scanRows } from './flow/scanRows.js';
export { readTexts } from './io/sources/readTexts.js';
export { type Connect, type SeqOnly, type StreamOptions, collectRows } from './run/collectRows.js';
export { runChain, type ChainEvent, type ChainRun } from './run/runChain.js';
export { createContext } from './run/createContext.js';
export type { FlowEvent, RunEvent, TrainingEvent, TrainingKind } from './run/events.js';
export {
  type PipelineCheck,
  type PipelineOptions,
  type RunOptions,
  checkPipeline,
  planChain,
  planPipeline,
} from './run/planPipeline.js';
export { type PreviewOptions, previewPipeline } from './run/previewPipeline.js';
export type { RowEffect, RowTrace } from './run/preview.js';
export type { Performance, Report, RunResult } from './run/report.js';
export { type ReplyPrune, describeReplies, exportReplies, pruneReplies } from './run/replyStore.js';
export { type PipelineRun, type RunOutcome, runPipeline } from './run/runPipeline.js';
export { type SystemWorld, systemWorld } from './run/systemWorld.js';
export { type PipelineTraining, trainPipeline } from './run/trainPipeline.js';
export type { Plan } from './pipeline/plan.js';
export { printPlan } from './pipeline/printPlan.js';
export { type ShardsOptions, writeShards } from './run/writeShards.js';
export type { CustomOperator, CustomTools } from './operators/custom.js';
export { type DecontaminateOptions, decontaminate } from './operators/decontaminate.js';
export { type DeduplicateOptions, deduplicate } from './operators/deduplicate.js';
export { type FilterAnsweredOptions, filterAnswered } from './operators/filterAnswered.js';
export { type FilterLanguageOptions, filterLanguage } from './operators/filterLanguage.js';
export { type FilterReferenceOptions, filterReference } from './operators/filterReference.js';
export { type GenerateOptions, generate } from './operators/generate.js';
export { type CalibrateDifficultyOptions, calibrateDifficulty } from './operators/calibrateDifficulty.js';
export { type GradeAnswerOptions, gradeAnswer } from './operators/gradeAnswer.js';
export { type JudgeSolvabilityOptions, judgeSolvability } from './operators/judgeSolvability.js';
export { type KeepBestOptions, keepBest } from './operators/keepBest.js';
export { type MeasureAccuracyOptions, measureAccuracy } from './operators/measureAccuracy.js';
export type { OperatorSpec, RunContext } from './operators/lib/operator.js';
export { type RateFailuresOptions, rateFailures } from './operators/rateFailures.js';
export { type RespondOptions, respond } from './operators/respond.js';
export { type RewriteOptions, rewrite } from './operators/rewrite.js';
export { type SampleDifficultyOptions, sampleDifficulty } from './operators/sampleDifficulty.js';
export { type ScoreDifficultyOptions, scoreDifficulty } from './operators/scoreDifficulty.js';
export { type ScoreRewardOptions, scoreReward } from './operators/scoreReward.js';
export { type UnnestOptions, unnest } from './operators/unnest.js';
export { type WrapQuestionOptions, wrapQuestion } from './operators/wrapQuestion.js';
