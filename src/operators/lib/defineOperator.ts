import type { Column } from '../../arrow/columnType.js';
import type { BatchOperator } from '../../flow/batch.js';
import type { AnyColumns, ColumnTypes, ColumnsRead, ColumnsWritten } from '../../flow/steps/columnTypes.js';
import { type RunContext, parseOptions } from './operator.js';
import {
  type CheckedDefinition,
  type OperatorDefinition,
  type OwnOptions,
  checkDefinition,
  optionsSchemaOf,
} from './own/operatorDefinition.js';
import type { OptionName } from './own/optionNames.js';
import { operatorOf } from './own/ownOperator.js';

/** The columns of `reads` that no option names: those that the compiler can look for. */
type FixedReads<Reads extends ColumnTypes> = {
  readonly [Name in keyof Reads as Name extends OptionName ? never : Name]: Reads[Name];
};

/** The columns after it; unknown where an option names one. */
type WrittenBy<Writes extends readonly Column[]> = [Extract<Writes[number]['name'], OptionName>] extends [
  never,
]
  ? ColumnsWritten<Writes>
  : AnyColumns;

/** What `defineOperator` gives: a function for pipes that carries its definition, for pipeline files. */
export interface DefinedOperator<Input, Reads extends ColumnTypes, Writes extends readonly Column[]> {
  (options: Input, context: RunContext): BatchOperator<ColumnsRead<FixedReads<Reads>>, WrittenBy<Writes>>;
  /** What was defined, checked and with its defaults. */
  readonly definition: CheckedDefinition;
}

/**
 * Defines an operator of one's own, for pipes and for pipeline files alike. In a pipe, call what it gives. For files, export it from a
 * package or a folder, which `operators` names: its steps are called as it is. A single module can also be named in a `custom` step.
 *
 * @param definition - Its options, columns and reasons, and the function that decides a row.
 * @throws ScaleQuestError: ERR_OPERATOR_LOAD for a definition with a mistake. What it gives throws ERR_PIPELINE_INVALID for
 * options that do not fit.
 * @example
 * const countWords = defineOperator({
 *   name: 'countWords',
 *   options: z.strictObject({ wordsMin: z.int().default(1) }),
 *   reads: { question: 'string' },
 *   writes: [{ name: 'words', type: 'int32', help: 'Words in the question.' }],
 *   drops: { tooShort: 'the question has fewer words than `wordsMin`' },
 *   row({ question }, { options, drop }) {
 *     const words = question.split(' ').length;
 *     return words < options.wordsMin ? drop('tooShort') : { words };
 *   },
 * });
 * export default countWords; // in a file: - custom: { path: countWords.mjs, options: { wordsMin: 8 } }
 * source.pipe(countWords({ wordsMin: 8 }, context)); // in a pipe
 */
export function defineOperator<
  Input = Readonly<Record<string, unknown>>,
  Output = Input,
  const Reads extends ColumnTypes = Readonly<Record<never, never>>,
  const Writes extends readonly Column[] = readonly [],
  Reason extends string = never,
  Role extends string = never,
  Memory = undefined,
  Delta = never,
  Prepared = undefined,
>(
  definition: OperatorDefinition<Input, Output, Reads, Writes, Reason, Role, Memory, Delta, Prepared>,
): DefinedOperator<Input, Reads, Writes> {
  const checked = checkDefinition(definition, 'the definition of the operator');
  const schema = optionsSchemaOf(checked);
  const operator = (options: Input, context: RunContext): BatchOperator =>
    operatorOf(checked, parseOptions(checked.name, schema, options) as OwnOptions, context);
  return Object.assign(operator, { definition: checked });
}
