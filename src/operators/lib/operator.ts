import type { z } from 'zod';
import type { Column, ColumnType } from '../../arrow/columnType.js';
import type { Table } from '../../arrow/table.js';
import type { Model, PromptWrapper } from '../../backends/model.js';
import { ScaleQuestError } from '../../errors.js';
import type { BatchOperator } from '../../flow/batch.js';
import type { CommittedDeltas } from '../../flow/committedDeltas.js';
import type {
  ColumnTypes,
  ColumnsWritten,
  MostColumnsRead,
  RowIdentity,
} from '../../flow/steps/columnTypes.js';
import type { Screen, StepCounts, StepShape, UsedColumn } from '../../flow/steps/outcome.js';
import type { StepState } from '../../flow/stepResults/stepResult.js';
import { deriveSeed, deriveUniform } from '../../random.js';

/** What a run gives its operators. It has no clock, network or files, because operators need none. */
export interface RunContext {
  /** Everything drawn at random in the run follows from this number. */
  seed: number;
  /** The open models of the run, by the names that options give. */
  models: Readonly<Record<string, Model>>;
  /** The step's label, where a pipeline has two steps of one kind; the operator's name if absent. */
  step?: string;
  /** Looks at the rows of the source, where this is the first step. */
  screen?: Screen | undefined;
  /** The step's index in the pipeline, where the run caches step results. */
  at?: number;
  /** Told the state of the step, if it is stateful, where the run caches step results. */
  onState?: (state: StepState) => void;
  /** The text of a prompt file, or of the built-in prompt `name` where no path is given. */
  prompt: (name: string, path: string | undefined) => string;
  /** A column of texts to compare rows with, from a file that the step's spec names in `texts`. */
  texts?: (path: string, column: string) => readonly string[];
  /** Columns of a data file to draw rows from, which the step's spec names in `tables`. */
  table?: (path: string, columns: Readonly<Record<string, ColumnType>>) => Table;
  /** The text before and after a question in the training text of a model with that template. */
  promptWrapper?: (template: unknown) => PromptWrapper;
  /** Where the deltas of this step lie that the run's commits hold. */
  restored?: ((step: string) => CommittedDeltas) | undefined;
  /** The most characters of a reply that a lost row holds; all of them if absent. */
  lostReplyCharsMax?: number;
  /** Told once a batch what became of its rows, for live progress. */
  onCounts?: (step: string, counts: StepCounts) => void;
}

/** The stream contract of an operator, in the words of the docs. */
export interface Contract {
  /** When batches leave it. */
  emits: string;
  /** The most that it keeps in memory. */
  holdsAtMost: string;
  /** What makes it wait, and what waits for it. */
  backpressures: string;
  /** When it completes. */
  completes: string;
  /** What an error does. */
  onError: string;
  /** What becomes of what it holds when the stream is cancelled. */
  onCancel: string;
}

/** What a step asks of a model, so that it can be checked before the first request. */
export interface ModelNeed {
  model: string;
  /**
   * `preQuery`: complete the bare opening of a user message; `complete`: answer one; `choose`: probabilities of given replies;
   * `score`: a number for a question and its response; `scoreQuestion`: for a question alone; `scoreSteps`: for each step
   * of a response; `embed`: a vector for a text; `boundThought`: the end of a thought at a number of tokens; `execute`: run a
   * program; `named`: nothing, the step looks for its name in a column.
   */
  needs:
    | 'preQuery'
    | 'complete'
    | 'choose'
    | 'score'
    | 'scoreQuestion'
    | 'scoreSteps'
    | 'embed'
    | 'boundThought'
    | 'execute'
    | 'named';
  /** Where in the options the model is named, for error positions. */
  at: readonly (string | number)[];
}

/** A prompt of a step: a Jinja template over the columns of the row. */
export interface PromptNeed {
  /** The built-in prompt that stands where none is given. */
  name: string;
  /** The option: a prompt file, or the text itself. */
  given?: string | undefined;
  /** Variables that the step itself gives the prompt, each of which it must use; all others are columns. */
  own?: readonly string[];
  /** It is always the text itself, and never a file. */
  isText?: boolean;
  /** Whether it may use no variable at all, so that every row asks the same with a seed of its own. */
  mayBeSame?: boolean;
  /** Where in the options it stands, for error positions. */
  at: readonly (string | number)[];
}

/** A column of a data file that a step compares its rows with; read, and hashed into the run's identity, at `check`. */
export interface TextsNeed {
  path: string;
  column: string;
  /** Where in the options the file is named, for error positions: an object with `path` and `column`. */
  at: readonly (string | number)[];
}

/** A data file that a step draws rows from; read, and hashed into the run's identity, at `check`. */
export interface TableNeed {
  path: string;
  /** Name in the file → type of the columns that it reads. */
  columns: Readonly<Record<string, ColumnType>>;
  /** The most memory that their values may take. */
  memoryMiB: number;
  /** Where in the options the file is named, for error positions: an object with `path`. */
  at: readonly (string | number)[];
  /** Where below `at` a column of the file is named; the path for any other. */
  placeOf: (column: unknown) => readonly string[];
  /** What is wrong with its values, and where below `at` that shows; null if nothing is. */
  fault: (table: Table) => { message: string; at: readonly string[] } | null;
}

/** Numbers with names, or groups of them. */
export interface Figures {
  [name: string]: string | number | Figures;
}

/** Makes the figures of a step from its state deltas, as they are read. */
export interface FiguresFold {
  /** Takes the next delta. */
  add(delta: unknown): void;
  /** The figures of all of them. `lost`: rows that the steps before it have lost, by `<step> <reason>`. */
  end(lost: Readonly<Record<string, number>>): Figures;
}

/**
 * An option that keeps or drops a row by one number of it. The report makes a slider of it: the rows' numbers tell what another
 * value would keep.
 */
export interface Threshold {
  /** The name of the option. */
  option: string;
  /** What a page calls it, where the option says too little: `grounded.min` for `criteria.0.min`; else the option. */
  title?: string;
  /** What the number is, in a word or two. */
  meaning: string;
  /** The numbers are mostly whole, as scores are: a slider offers whole ones alone where all are, and a message has them exactly. */
  isWhole?: boolean;
  /** The names of the numbers, from 1. */
  grades?: readonly string[];
  /** Which numbers pass. `below`: those that are less than it. */
  keeps: 'atLeast' | 'atMost' | 'below';
  /** The value that applies; null where the option is absent, and all pass. */
  value: number | null;
  /**
   * The column that has the number of each row that passed; null where no column has it. For a dropped row the number stands at
   * the end of its message.
   */
  column: string | null;
  /** The reason of rows that it drops. */
  drops: string;
  /** Where values may lie; open ends are those of the rows. */
  range: readonly [number | null, number | null];
  /** Decimals that the column is rounded to where it holds texts. Those of messages are read from the message. */
  decimals?: number;
  /** A row that passes is kept whatever else the step looks at, and so are the other rows. */
  isOnly: boolean;
}

/** Where the operator of a package or a folder of others comes from. */
export interface OperatorOrigin {
  /** As `operators` of the pipeline file names it. */
  from: string;
  /** Its module. */
  module: string;
  /** The folder that holds its code; null where it is the module alone, and what that names. */
  folder: string | null;
  /** Whether its code was executed: else it is what its manifest says. */
  isLoaded: boolean;
}

/** What an operator declares beside its code; reference docs, the editor's schema, `check` and `plan` are made from it. */
export interface OperatorSpec<
  Schema extends z.ZodType = z.ZodType,
  Reads extends ColumnTypes = ColumnTypes,
  Writes extends readonly Column[] = readonly Column[],
  Options = z.input<Schema>,
> {
  /** The file, the function and the key in pipeline files. */
  name: string;
  /** What it does, in one sentence. */
  summary: string;
  /** What a user should know beyond the summary: method, source, choices made. */
  details?: string;
  /** The schema of its options, with help and defaults. */
  options: Schema & (z.input<Schema> extends Options ? unknown : 'the interface of the options is narrower');
  /** The columns that it reads with these options: name → type. */
  reads: (options: z.output<Schema>) => Reads;
  /** Columns of `reads` that it does without where the step that writes them is switched off. */
  optional?: (options: z.output<Schema>) => readonly string[];
  /** Those of them that need no step to write them; the others are a mistake in a file without such a step. */
  mayBeAbsent?: (options: z.output<Schema>) => readonly string[];
  /** The columns that it adds or replaces with these options. Their help is in the metadata of the files: other words are other bytes. */
  writes: (options: z.output<Schema>) => Writes;
  /** The models that it asks with these options, and for what. */
  models: (options: z.output<Schema>) => ModelNeed[];
  /** The JSON Schemas that it wants replies of its models held to, where their servers can; it checks the replies itself in any case. */
  schemas?: (options: z.output<Schema>) => { model: string; schema: Readonly<Record<string, unknown>> }[];
  /** The prompts that it writes with these options; the columns that they use are read beside `reads`. */
  prompts?: (options: z.output<Schema>) => PromptNeed[];
  /** Those of the columns that it writes which no step before it may have written; `at`: where in the options each is named. */
  adds?: (options: z.output<Schema>) => { name: string; at: readonly (string | number)[] }[];
  /** Options whose value may be the path of a JSON file in a pipeline file: its contents stand there then. */
  jsonFiles?: readonly string[];
  /** The columns of data files that it compares rows with. */
  texts?: (options: z.output<Schema>) => TextsNeed[];
  /** The data files that it draws rows from. */
  tables?: (options: z.output<Schema>) => TableNeed[];
  /**
   * Of a step whose state is bounded by its option `memoryMiB`: the MiB that it takes for so many rows. That option decides no row, so a
   * run may go on with another one.
   */
  memoryMiB?: (options: z.output<Schema>, rows: number) => number;
  /** The reasons for which it drops rows: reason → meaning. */
  drops: Record<string, string>;
  /** Reasons that follow from the options, beside those. */
  dropsBy?: (options: z.output<Schema>) => Record<string, string>;
  /** Those of its options that are thresholds, with these options. */
  thresholds?: (options: z.output<Schema>) => readonly Threshold[];
  /** How it behaves in a stream. */
  contract: Contract;
  /** It decides each row from that row alone, whatever came before: workers may do it. Not for a step with state. */
  isRowwise?: true;
  /** The steps of a pipeline that runs on the bundled model as `tiny`. */
  example: string;
  /** Models of that pipeline beside `tiny`, each an entry of `models` in YAML's flow style. */
  exampleModels?: readonly string[];
  /** The `source` of that pipeline, in YAML's flow style, where it does not begin with empty rows. */
  source?: string;
  /** Makes the RxJS operator. Throws ERR_PIPELINE_INVALID for options that do not fit. */
  operator: (
    options: Options,
    context: RunContext,
  ) => BatchOperator<MostColumnsRead<Reads>, ColumnsWritten<Writes>>;
  /** Figures of its own for the report, from all deltas that the run has committed of it; null where it has none with these options. */
  figures?: (options: z.output<Schema>, context: Pick<RunContext, 'texts'>) => FiguresFold | null;
  /** The step exists for its figures. A run in which no row reached it has measured nothing, which is an error. */
  measures?: boolean;
  /** Where it comes from, if not from this package. */
  origin?: OperatorOrigin;
}

/**
 * A spec as it is given, with the names and types of its columns in its type. The compiler checks that the operator's options
 * interface and the schema allow the same, and that its declared columns are the ones that it reads and writes.
 */
export function defineSpec<
  Schema extends z.ZodType,
  const Reads extends ColumnTypes,
  const Writes extends readonly Column[],
  Options extends z.input<Schema>,
>(spec: OperatorSpec<Schema, Reads, Writes, Options>): OperatorSpec<Schema, Reads, Writes> {
  return spec as unknown as OperatorSpec<Schema, Reads, Writes>;
}

/** The contract of every operator that decides row by row. */
export const ROWWISE: Contract = {
  emits: 'each batch, in order, when its last row is decided',
  holdsAtMost: 'the batches that the gate lets through (windowRows)',
  backpressures: 'never by itself: the gate at the source does',
  completes: 'when the source has completed and all held batches are out',
  onError: 'a row that fails is rejected with a code; any other error ends the run',
  onCancel: "drops what it holds; the model's open requests are aborted by closing the model",
};

/** The contract of the operators that decide at once, from the row and their own state. */
export const IMMEDIATE: Contract = {
  ...ROWWISE,
  emits: 'each batch at once',
  holdsAtMost: 'one batch',
  completes: 'with the source',
  onCancel: 'stops',
};

/** Options with their defaults filled in. Throws ERR_PIPELINE_INVALID, which names every mistake. */
export function parseOptions<Schema extends z.ZodType>(
  operator: string,
  schema: Schema,
  input: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(
    ({ path, message }) => `${[operator, ...path].join('.')}: ${message}`,
  );
  throw new ScaleQuestError(
    'ERR_PIPELINE_INVALID',
    `${mistakes.join('; ')}. docs/steps.md lists the options of ${operator}.`,
  );
}

/** The part of a spec that tells the columns. */
interface Columns<Options, Reads, Writes> {
  name: string;
  reads: (options: Options) => Reads;
  writes: (options: Options) => Writes;
  optional?: (options: Options) => readonly string[];
}

/** What the flow needs to know of a step: its label, and its columns with these options and these prompts. */
export function shapeOf<Options, Reads extends ColumnTypes, Writes extends readonly Column[]>(
  spec: Columns<Options, Reads, Writes>,
  options: NoInfer<Options>,
  context: RunContext,
  prompts: readonly { columns: readonly UsedColumn[] }[] = [],
): StepShape<Reads, Writes, never> {
  const step = context.step ?? spec.name;
  return {
    step,
    reads: spec.reads(options),
    uses: prompts.length > 0 ? prompts.flatMap(({ columns }) => columns) : undefined,
    writes: spec.writes(options),
    optional: spec.optional?.(options),
    screen: context.screen,
    lostReplyCharsMax: context.lostReplyCharsMax,
    at: context.at,
    onState: context.onState,
    onCounts: context.onCounts && ((counts) => context.onCounts!(step, counts)),
  };
}

export function modelOf(context: RunContext, name: string): Model {
  if (Object.hasOwn(context.models, name)) return context.models[name]!;
  throw new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `no model is called "${name}", expected one of: ${Object.keys(context.models).join(', ') || '(none given)'}`,
  );
}

/** The request seed of a row in this step: a hash of run seed, step, row and sample. */
export function rowSeed(context: RunContext, step: string, row: RowIdentity, sample = 0): number {
  return deriveSeed(context.seed, stepOf(step, row), row.seq, sample);
}

/** A draw from [0, 1) for a row in this step. */
export function rowUniform(context: RunContext, step: string, row: RowIdentity, sample = 0): number {
  return deriveUniform(context.seed, stepOf(step, row), row.seq, sample);
}

function stepOf(step: string, { seqIndex }: RowIdentity): string {
  return seqIndex === 0 ? step : `${step} ${seqIndex}`;
}
