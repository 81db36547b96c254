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
} from './run/planPipeline.js';
export type * from './run/events.js';
export type { Performance, Report, RunResult } from './run/report/report.js';
export type { OmittedParts, Plan } from './pipeline/plan.js';
export { printPlan } from './pipeline/printPlan.js';
export { type PipelinePreview, type PreviewOptions, previewPipeline } from './run/previewPipeline.js';
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
} from './run/replyStore.js';
export { type SystemWorld, systemWorld } from './run/systemWorld.js';

// Connect operators in a pipe.
export {
  type CollectedRows,
  type Connect,
  type SeqOnly,
  type StreamOptions,
  collectRows,
} from './run/collectRows.js';
export { type ShardsOptions, writeShards } from './run/writeShards.js';
export { createContext } from './run/createContext.js';
export { type SourceColumns, type SourceRow, fromRows } from './flow/fromRows.js';
export type { ReadRows } from './flow/gate.js';
export type { Totals } from './flow/commitShards.js';
export { readTexts } from './io/sources/readTexts.js';
export * from './operators/registry.js';
export type { OperatorSpec, RunContext } from './operators/lib/operator.js';

// Define operators of your own.
export {
  type DefinedOperator,
  type OperatorDefinition,
  type RowDecision,
  type RowTools,
  defineOperator,
} from './operators/lib/defineOperator.js';
export type { StandardSchema } from './operators/lib/standardSchema.js';
export { mapRows } from './flow/steps/mapRows.js';
export { scanRows } from './flow/steps/scanRows.js';
export { KEEP, type Outcome, type Scan, type StepShape, drop, keep, multiply } from './flow/steps/outcome.js';
export type { Batch, BatchOperator } from './flow/batch.js';
export type { LostRow, RowEvent, StateDelta } from './flow/rowEvents.js';
export type * from './flow/steps/columnTypes.js';
export { type Column, type ColumnType, type ColumnValue, SEQ_INDEX_COLUMN } from './arrow/columnType.js';

// Models.
export { openModel } from './backends/openModel.js';
export type { Choice, ChooseRequest, CompleteRequest, Message, Model, ModelStats } from './backends/model.js';
export { type DoubleBos, type DoubleBosQuestion, findDoubleBos } from './backends/templates/doubleBos.js';

// Errors.
export { ERROR_CODES, type ErrorCode, RowError, ScaleQuestError } from './errors.js';
