import type { Column } from '../../../arrow/columnType.js';
import type { ColumnTypes } from '../../../flow/steps/columnTypes.js';

/**
 * A name that begins with `$` stands for what an option says: the column `$into` is the one that the option `into` names, and the model
 * `$model` the one that `model` names. So what a step reads, writes and asks is known from its options, without a function of the operator.
 */
export type OptionName = `$${string}`;

/** The option behind such a name; null for a plain name. */
export function optionNamed(name: string): string | null {
  return name.startsWith('$') ? name.slice(1) : null;
}

/** What a name stands for with these options. Null where its option holds no text. */
export function namedBy(name: string, options: unknown): string | null {
  const option = optionNamed(name);
  if (option === null) return name;
  const isThere = typeof options === 'object' && options !== null && Object.hasOwn(options, option);
  const value = isThere ? (options as Readonly<Record<string, unknown>>)[option] : null;
  return typeof value === 'string' ? value : null;
}

/** What an operator declares of its columns. */
export interface DeclaredColumns {
  reads: ColumnTypes;
  writes: readonly Column[];
}

/** A declared column, and the one that it stands for. */
export interface DeclaredColumn {
  /** As the operator calls it. */
  name: string;
  column: Column;
}

/** The columns with these options. Names whose option holds no text stay as they are: those of an operator without options, for docs. */
export function namedReads({ reads }: Pick<DeclaredColumns, 'reads'>, options: unknown): ColumnTypes {
  return Object.fromEntries(
    Object.entries(reads).map(([name, type]) => [namedBy(name, options) ?? name, type]),
  );
}

export function namedWrites(
  { writes }: Pick<DeclaredColumns, 'writes'>,
  options: unknown,
): readonly DeclaredColumn[] {
  return writes.map((column) => ({
    name: column.name,
    column: { ...column, name: namedBy(column.name, options) ?? column.name },
  }));
}

/** A mistake in the names that options give; `option` is empty where no option gives the name. */
interface NameFault {
  option: string;
  message: string;
}

/** What is wrong with the names that options give, and at which option. */
export function optionNameFaults(
  { reads, writes }: DeclaredColumns,
  roles: readonly string[],
  options: unknown,
): NameFault[] {
  const written = writes.map(({ name }) => name);
  return [
    ...[...Object.keys(reads), ...written].flatMap((name) => missingName(name, 'column', options)),
    ...roles.flatMap((role) => missingName(role, 'model', options)),
    ...readTwice(reads, options),
    ...written.flatMap((name, at) => unwritable(name, written.slice(0, at), options)),
  ];
}

function missingName(name: string, what: string, options: unknown): NameFault[] {
  const option = optionNamed(name);
  return option !== null && !namedBy(name, options)
    ? [{ option, message: `expected the name of a ${what}` }]
    : [];
}

/** One column cannot be read as two types. */
function readTwice(reads: ColumnTypes, options: unknown): NameFault[] {
  const named = Object.entries(reads).map(([name, type]) => ({ name, type, column: namedBy(name, options) }));
  return named.flatMap(({ name, type, column }, at) => {
    const other = named.slice(0, at).find((each) => each.column === column && each.type !== type);
    if (!column || !other) return [];
    const message = `expected another column: it is read as ${other.type} too, here as ${type}`;
    return [{ option: optionNamed(name) ?? '', message }];
  });
}

function unwritable(name: string, before: readonly string[], options: unknown): NameFault[] {
  const column = namedBy(name, options);
  if (!column) return [];
  const option = optionNamed(name) ?? '';
  if (/^seq(Index)?$/.test(column))
    return [{ option, message: 'expected another column: seq and seqIndex are the row’s identity' }];
  if (!before.some((other) => namedBy(other, options) === column)) return [];
  return [{ option, message: 'expected another column: the step writes this one already' }];
}
