import type { RecordBatch } from 'apache-arrow';
import { cellOf } from '../../../arrow/cellOf.js';
import type { ColumnValue } from '../../../arrow/columnType.js';
import { findFault } from '../../../arrow/fault.js';
import { RowError } from '../../../errors.js';
import type { BatchOperator } from '../../../flow/batch.js';
import type { Row } from '../../../flow/steps/columnTypes.js';
import { mapRows } from '../../../flow/steps/mapRows.js';
import { type Outcome, type StepShape, drop, keep, rejectOrThrow } from '../../../flow/steps/outcome.js';
import { scanRows } from '../../../flow/steps/scanRows.js';
import { stepStreams } from '../../../flow/steps/stepStreams.js';
import { type AskTools, type AskedCalls, askTools, joinAsked } from './askTools.js';
import { type RunContext, rowUniform, shapeOf } from '../operator.js';
import { type DeclaredColumn, namedBy, namedReads, namedWrites, optionNamed } from './optionNames.js';
import type {
  BatchTools,
  CheckedDefinition,
  OwnOptions,
  RowDecision,
  RowTools,
} from './operatorDefinition.js';

/** The operator, with options that its schema has read. `models`: role → model, where it is not called so. */
export function operatorOf(
  definition: CheckedDefinition,
  options: OwnOptions,
  context: RunContext,
  models: Readonly<Record<string, string>> = {},
): BatchOperator {
  const { name, row, batch, memory } = definition;
  const reads = namedReads(definition, options);
  const writes = namedWrites(definition, options);
  const columns = writes.map(({ column }) => column);
  const shape = shapeOf({ name, reads: () => reads, writes: () => columns }, options, context);
  const own: Own = {
    definition,
    writes,
    options,
    context,
    step: shape.step,
    models,
    asDeclared: asDeclared(definition, options),
  };
  if (batch)
    return (source) => stepStreams().mapWhole(shape, (rows, table) => decideBatch(own, rows, table))(source);
  if (memory) return remembering(own, shape);
  return mapRows(shape, async (each) => {
    const { tools, asked } = toolsFor(own, each);
    return outcomeOf(await decided(() => row!(own.asDeclared(each), tools), asked), own);
  });
}

/** A defined operator at its place in a pipe. */
interface Own {
  definition: CheckedDefinition;
  writes: readonly DeclaredColumn[];
  options: OwnOptions;
  context: RunContext;
  step: string;
  models: Readonly<Record<string, string>>;
  asDeclared: (row: Row) => Row;
}

/** A row with its columns under the names that the operator declares: `$column` for the one that the option `column` names. */
function asDeclared({ reads }: CheckedDefinition, options: OwnOptions): (row: Row) => Row {
  const names = Object.keys(reads);
  if (names.every((name) => optionNamed(name) === null)) return (row) => row;
  const columns = names.map((name): [name: string, column: string] => [name, namedBy(name, options) ?? name]);
  return (row) => {
    const { seq, seqIndex } = row;
    const values = columns.map(([name, column]) => [name, row[column]!]);
    return { ...(Object.fromEntries(values) as Record<string, ColumnValue>), seq, seqIndex };
  };
}

function modelAs(role: string, { options, models }: Own): string {
  return optionNamed(role) === null
    ? ((cellOf(models, role) as string | null) ?? role)
    : namedBy(role, options)!;
}

function toolsFor(own: Own, row: Row): { tools: RowTools; asked: AskedCalls } {
  const { definition, options, context, step } = own;
  const roles = new Map(
    Object.keys(definition.models).map((role): [string, string] => [role, modelAs(role, own)]),
  );
  const { ask, asked } = askTools(context, { step, roles, row });
  const tools: RowTools = {
    ...ask,
    options,
    drop: (reason) => ({ drop: reason }),
    uniform: () => rowUniform(context, step, row),
    memory: undefined,
    remember: () => refuse('remembers nothing: it has no `memory`'),
    prepared: undefined,
  };
  return { tools, asked };
}

/** Decides the rows together; where that fails, each alone, so that borders of batches reject no row. */
async function decideBatch(own: Own, rows: readonly Row[], table: RecordBatch): Promise<readonly Outcome[]> {
  const { definition, options } = own;
  const each = rows.map((row) => toolsFor(own, row));
  const asked = joinAsked(each.map((one) => one.asked));
  try {
    const tools: BatchTools = {
      options,
      table,
      row: (at) => each[at]?.tools ?? refuse(`has no row ${at} in this batch`),
    };
    const decisions = await decided(
      async () => listOf(await definition.batch!(rows.map(own.asDeclared), tools), rows.length),
      asked,
    );
    return decisions.map((decision) => settled(() => outcomeOf(decision, own)));
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    if (rows.length === 1) return [rejectOrThrow(error)];
    const alone: Outcome[] = [];
    for (const [at, row] of rows.entries())
      alone.push(...(await decideBatch(own, [row], table.slice(at, at + 1))));
    return alone;
  }
}

function listOf(decisions: unknown, count: number): readonly RowDecision[] {
  if (Array.isArray(decisions) && decisions.length === count) return decisions as RowDecision[];
  const found = Array.isArray(decisions) ? `${decisions.length} decisions` : 'no list';
  throw new RowError(
    'ROW_OPERATOR',
    `\`batch\` gave ${found} for ${count} rows, expected one decision a row, in their order`,
  );
}

function settled(decide: () => Outcome): Outcome {
  try {
    return decide();
  } catch (error) {
    return rejectOrThrow(error);
  }
}

/** An operator with memory: rows are prepared many at a time, and decided in order. */
function remembering(own: Own, shape: StepShape): BatchOperator {
  const { definition, context } = own;
  const { row: decide, prepare } = definition;
  const { init, apply } = definition.memory!;

  async function prepareRow(row: Row): Promise<unknown> {
    const { tools, asked } = toolsFor(own, row);
    return decided(async () => prepare!(own.asDeclared(row), tools), asked);
  }

  function decideRow(memory: unknown, row: Row, prepared: unknown): { outcome: Outcome; delta?: unknown } {
    let delta: { value: unknown } | undefined;
    const remember = (given: unknown): void => {
      if (delta) refuse('remembered twice for one row, expected one delta');
      delta = { value: plainJson(given) };
    };
    const tools: RowTools = { ...toolsFor(own, row).tools, ...NOT_HERE, memory, remember, prepared };
    const outcome = outcomeOf(
      atOnce(() => decide!(own.asDeclared(row), tools)),
      own,
    );
    return delta ? { outcome, delta: delta.value } : { outcome };
  }

  const scan = { init, apply, decide: decideRow, ...(prepare && { prepare: prepareRow }) };
  return scanRows(shape, scan, context.restored?.(shape.step)) as BatchOperator;
}

/** With memory a row is decided at once. */
const NOT_HERE: AskTools = {
  ask: askInPrepare,
  choose: askInPrepare,
  score: askInPrepare,
  embed: askInPrepare,
};

function askInPrepare(): never {
  return refuse(
    'asks a model where it decides by its memory; ask in `prepare`, which gives `tools.prepared`',
  );
}

/** What must come back from the run's files as it went in. */
function plainJson(delta: unknown): unknown {
  const text = JSON.stringify(delta) as string | undefined;
  if (text === undefined)
    refuse('remembered what is no JSON, expected plain objects, lists, texts and numbers');
  return JSON.parse(text);
}

function refuse(what: string): never {
  throw new RowError('ROW_OPERATOR', `the operator ${what}`);
}

function atOnce(decide: () => RowDecision | Promise<RowDecision>): RowDecision {
  try {
    const decision = decide();
    if (!(decision instanceof Promise)) return decision;
    decision.catch(() => {});
    return refuse('gave a promise, expected its decision at once: it has a memory; wait in `prepare`');
  } catch (error) {
    throw rowFault(error, false);
  }
}

/** What throws at once has seen nothing but the row; what was waited for may have met the moment of something else. */
async function decided<Decision>(
  decide: () => Decision | Promise<Decision>,
  asked: AskedCalls,
): Promise<Decision> {
  let mayDiffer = false;
  let decision: Decision;
  try {
    const deciding = decide();
    mayDiffer = true;
    decision = await deciding;
  } catch (error) {
    asked.throwEnding();
    throw asked.isOwn(error) ? error : rowFault(error, mayDiffer);
  }
  // What ends the run ends it, whatever the operator made of it.
  asked.throwEnding();
  return decision;
}

function rowFault(error: unknown, mayDiffer: boolean): RowError {
  const message = (error as Error)?.message ?? String(error);
  return new RowError('ROW_OPERATOR', message, { cause: error, mayDiffer });
}

function outcomeOf(decision: RowDecision, { writes, definition: { drops } }: Own): Outcome {
  const values = (decision ?? {}) as Record<string, ColumnValue>;
  const reason = values['drop'];
  if (typeof reason === 'string' && !writes.some(({ name }) => name === 'drop')) {
    if (Object.hasOwn(drops, reason)) return drop(reason);
    throw new RowError('ROW_OPERATOR', `dropped the row for "${reason}", which its \`drops\` do not name`);
  }
  // A value of the wrong type would end the run where the column is built, though it is the mistake of this row alone.
  for (const { name, column } of writes) {
    const fault = findFault(column, cellOf(values, name));
    if (fault !== null) throw new RowError('ROW_OPERATOR', `in its column "${column.name}" ${fault}`);
  }
  if (writes.every(({ name, column }) => name === column.name)) return keep(values);
  return keep(Object.fromEntries(writes.map(({ name, column }) => [column.name, cellOf(values, name)])));
}
