const MEANINGS = {
  // The pipeline file and the command line.
  ERR_USAGE: 'the command line cannot be understood',
  ERR_PIPELINE_READ: 'the pipeline file cannot be read',
  ERR_PIPELINE_SYNTAX: 'the pipeline file is not valid YAML',
  ERR_PIPELINE_INVALID: 'a value in the pipeline file is not what the schema asks for',
  ERR_PIPELINE_COLUMN: 'a step reads a column that no earlier step writes',
  ERR_PIPELINE_MODEL: 'a step names a model that the file does not declare, or one that cannot do its job',
  ERR_PIPELINE_BOUND: 'two numbers in the pipeline file cannot both hold',
  ERR_CHAIN_LINK: 'a link of a chain did not give what a later one takes',
  ERR_OPERATOR_LOAD: "a user's own operator cannot be loaded",
  ERR_OPERATOR_CONTRACT: 'an operator under test does not keep what every operator must, or what it declares',
  // The run.
  ERR_RUN_FOLDER: 'the run folder cannot be used',
  ERR_RUN_TAKEN_OVER: 'another process has taken the run over, and goes on with it',
  ERR_IO_WRITE: 'a file cannot be written',
  ERR_IO_READ: 'a file cannot be read',
  ERR_DATA_INVALID: 'a data file does not hold what its reader expects',
  ERR_BUDGET: 'the run would spend more than its `budget`',
  ERR_TARGET_UNREACHABLE: 'no row is kept, so the target would never be reached',
  ERR_NOTHING_MEASURED: 'a step that measures was given no row, so nothing was evaluated',
  ERR_MEMORY: 'a step needs more memory than its `memoryMiB` allows',
  ERR_INVARIANT: 'the framework broke one of its own rules: a bug',
  ERR_CANCELLED: 'the run was cancelled',
  // The store of replies: these end the run too.
  ERR_STORE_OPEN: 'the store of replies cannot be opened',
  ERR_STORE_FOREIGN: 'the folder of the store holds something else',
  ERR_STORE_VERSION: 'a newer version wrote the store of replies',
  ERR_STORE_DAMAGED: 'the store of replies is cut off, or part of it cannot be read',
  ERR_STORE_WRITE: 'the store of replies cannot be written',
  ERR_VIEW_LISTEN: 'the page of a run cannot be served at the port',
  // Workers of a run: the first ends the run, the others end the worker.
  ERR_WORKER_LISTEN: 'the run cannot listen for workers',
  ERR_WORKER_REFUSED: 'the run does not take this worker: token, version or pipeline file differ',
  ERR_WORKER_ALONE: 'no run answers at the address, or it has gone away for too long',
  // Models: these end the run.
  ERR_HUB_UNREACHABLE: 'no hub answers at the address',
  ERR_HUB_REFUSED: 'the hub refuses the set: its token, its name, or its files',

  ERR_METRICS_LISTEN: 'the page of metrics cannot be served at its address',

  ERR_MODEL_LOAD: 'a model cannot be loaded or its engine cannot be started',
  ERR_MODEL_UNREACHABLE: 'no server of the model answers, or each fails at every call',
  ERR_MODEL_REFUSED: 'the server refuses every request of this kind (key, model name, path, parameters)',
  ERR_MODEL_PROTOCOL: 'the server speaks another protocol than the one that the pipeline file names',
  ERR_MODEL_TEMPLATE: 'the server would read two begin-of-sequence tokens before each prompt',
  ERR_MODEL_CRASHED: "the model's process died",
  ERR_SANDBOX: 'programs cannot be run in isolation, so none is run',
  // A cluster that runs are submitted to: these end the command, and leave the run as it is.
  ERR_CLUSTER_UNREACHABLE: 'no cluster answers at the address',
  ERR_CLUSTER_REFUSED: 'the cluster refuses a request: its token, or what is asked',
  ERR_CLUSTER_PROTOCOL: 'what answers is no Ray with a Jobs API that can be used',
  ERR_CLUSTER_JOB:
    'the job of the run failed for a reason of the cluster, or is not the one that was expected',
  // Training: the data set is complete and stays as it is.
  ERR_TRAIN_DATA: 'there is nothing to train on: no finished run, or an empty set',
  ERR_TRAIN_MODEL: 'the model that training starts from cannot be loaded',
  ERR_TRAIN_RUNNING: 'the same training is already running',
  ERR_TRAIN_OUTPUT: 'the output folder holds something else, or no usable model after the training',
  ERR_TRAIN_FAILED: 'the trainer failed',
  ERR_TRAIN_HUNG: 'the trainer printed nothing for too long, or took longer than allowed, and was stopped',
  // Rows: these reject one row and the run goes on.
  ROW_EMPTY: 'the model wrote nothing',
  ROW_THOUGHT: 'the reply is a thought without an answer behind it',
  ROW_LENGTH: 'the completion was cut off by its token limit',
  ROW_REPETITION: 'the completion repeats itself',
  ROW_FILTERED: 'a content filter, or the refusal of the model or its service, stands in place of a reply',
  ROW_TOOL_CALL: 'the model called a tool, although none was offered, instead of answering',
  ROW_REASONING_ONLY: 'the server gave the model’s reasoning and no answer',
  ROW_ABORTED: 'the server broke the reply off in every try',
  ROW_MARKER: 'a text of the row holds a control token of a chat template, which would speak for a model',
  ROW_FEWER_CHOICES: 'the server returned fewer choices than were asked for',
  ROW_UNCLEAR: 'the verdict, the marker or the number that the reply should end with was not found',
  ROW_JSON: 'the reply holds no JSON object that fits the schema of the step',
  ROW_SCORE_INVALID: 'a score is missing or not a finite number',
  ROW_PROMPT: 'the prompt cannot be written with the values of this row',
  ROW_PROMPT_TOO_LONG: "the prompt does not fit into the model's context",
  ROW_REFUSED: 'the server refuses this one request',
  ROW_TIMEOUT: 'no try got a reply within the deadline',
  ROW_SERVER_ERROR: 'the server failed in every try',
  ROW_REPLY_INVALID: 'no try got a reply that can be read',
  ROW_VALUE_MISSING: 'a column that the step reads has no value in this row',
  ROW_LISTS_DIFFER: 'lists that are unnested together differ in length',
  ROW_GRADE_LIMIT: 'an answer is too long, too deep or too large to be graded',
  ROW_GRADE_TIMEOUT:
    'the machine did not get an answer graded within the deadline, or within the memory of a thread: no grade',
  ROW_GRADE_FAILED:
    'the grader itself failed at an answer: a bug, which the same answer and reference show again',
  ROW_OPERATOR: "a user's own operator threw an error for this row",
} as const;

/** A code of `ERROR_CODES`; those that begin with `ROW_` reject one row, the others end the run. */
export type ErrorCode = keyof typeof MEANINGS;

/**
 * Every error that leaves this framework carries a code from this table, with its meaning. Programs match on the code; people
 * read the message: what was found, what was expected, what to do.
 */
export const ERROR_CODES: Readonly<Record<ErrorCode, string>> = MEANINGS;

/** The position of a mistake in a file. Line and column count from 1. */
export interface Position {
  /** The file, as it was named. */
  file: string;
  /** From 1. */
  line?: number | undefined;
  /** From 1. */
  column?: number | undefined;
  /** The key path, such as `steps.respond.n`. */
  key?: string | undefined;
}

/** What an error tells beside its code and message. */
export interface ErrorDetails {
  /** Where the mistake is. */
  at?: Position | undefined;
  /** The error that led to this one. */
  cause?: unknown;
  /** Small facts for programs: step, model, replica, status, retryAfterMs … Never a key or a header. */
  data?: Record<string, string | number | boolean>;
}

/** What the error of a row tells beside its code and message. */
export interface RowErrorDetails extends ErrorDetails {
  /** What the model wrote, whole: it goes into the table of lost rows. */
  reply?: string | undefined;
  /** A server’s or the machine’s moment decided, so that the same row may go otherwise another time. */
  mayDiffer?: boolean | undefined;
}

/** Ends the run, or the command, with everything committed intact. */
export class ScaleQuestError extends Error {
  /** What happened, for programs: a key of `ERROR_CODES`. */
  readonly code: ErrorCode;
  /** Where in a file the mistake is, if it is in one. */
  readonly at: Position | undefined;
  /** Small facts for programs: step, model, status … */
  readonly data: Record<string, string | number | boolean>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(details.at ? `${printPosition(details.at)} ${message}` : message, { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.at = details.at;
    this.data = details.data ?? {};
  }
}

/** Rejects one row with a code; the rest of the batch goes on. */
export class RowError extends ScaleQuestError {
  /** What the model wrote, for the table of lost rows; absent where it wrote nothing. */
  readonly reply: string | undefined;
  /** Whether the same row may go otherwise another time: then no later run replays this result. */
  readonly mayDiffer: boolean;

  constructor(code: ErrorCode, message: string, details: RowErrorDetails = {}) {
    super(code, message, details);
    this.reply = details.reply;
    this.mayDiffer = details.mayDiffer ?? false;
  }
}

/**
 * The values of a row's calls, which go on at once. Where several are rejected, the first of them in order tells what became of the row,
 * and not the one that came first. What ends the run ends it at once.
 */
export async function allOfRow<Values extends unknown[]>(
  calls: readonly [...{ [At in keyof Values]: Promise<Values[At]> }],
): Promise<Values> {
  try {
    return (await Promise.all(calls as readonly Promise<unknown>[])) as Values;
  } catch (error) {
    if (error instanceof RowError) for (const call of calls) await call;
    throw error;
  }
}

/** Nobody reads more of them at once. */
const PROBLEMS_MAX = 100;

/** The mistakes found in a file, not just the first. */
export class PipelineProblems extends ScaleQuestError {
  /** At most 100. */
  readonly problems: readonly ScaleQuestError[];
  /** How many mistakes there are beyond these. */
  readonly unlisted: number;

  constructor(problems: readonly ScaleQuestError[]) {
    const listed = problems.slice(0, PROBLEMS_MAX);
    super(listed[0]!.code, listed.map(({ message }) => message).join('\n'), { cause: listed[0] });
    this.problems = listed;
    this.unlisted = problems.length - listed.length;
  }
}

/** `file:line:column key:` as editors and terminals link it. */
export function printPosition({ file, line, column, key }: Position): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return visible(key && !namesKey(file, key) ? `${place} ${key}:` : `${place}:`);
}

const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/** A text that others wrote, with the codes of the characters that a terminal would obey. */
export function visible(text: string): string {
  return text.replaceAll(CONTROL, (found) => `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** `--set respond.n=0` names its key by itself, as its user wrote it. */
function namesKey(file: string, key: string): boolean {
  const [, path] = /^--set ([^=]*)=/.exec(file) ?? [];
  return path !== undefined && path.split('.').at(-1) === key.split('.').at(-1);
}
