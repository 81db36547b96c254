import { Template } from '@huggingface/jinja';
import type { ColumnValue } from '../../../arrow/columnType.js';
import { RowError, ScaleQuestError } from '../../../errors.js';
import type { UsedColumn } from '../../../flow/steps/outcome.js';
import { KNOWN_MARKERS } from '../../../text/markers.js';
import type { PromptNeed, RunContext } from '../operator.js';
import { templateLookups } from './templateLookups.js';

/**
 * Writes the prompt of one row. `own`: the values of the step's own variables. Throws a RowError, ROW_PROMPT, for values that do
 * not fit.
 */
export interface Prompt {
  (row: object, own?: object): string;
  /** The columns that it uses, whatever their types are. */
  readonly columns: readonly UsedColumn[];
}

/** The prompts of a step, compiled, in the order of `prompts` of its spec. */
export function compilePrompts<Options>(
  spec: { prompts?: (options: Options) => PromptNeed[] },
  options: NoInfer<Options>,
  context: RunContext,
): Prompt[] {
  return (spec.prompts?.(options) ?? []).map((need) => compileNeed(context, need));
}

/**
 * Compiles one prompt (Jinja, as chat templates are) once. It must use every variable in `own`; what else it uses are columns. Jinja
 * renders an unknown name as nothing, so `check` looks for each column, and so does the step at its first batch.
 */
export function compilePrompt(
  context: RunContext,
  name: string,
  given: string | undefined,
  own: readonly string[],
): Prompt {
  return compileNeed(context, { name, given, own, at: [] });
}

/** A prompt has a line end, braces or spaces; the name of a file has none of them, or spaces and an ending as `.txt`. */
export function isPromptText(given: string): boolean {
  return /\n|\{\{|\{%/.test(given) || (/\s/.test(given) && !/\.\w{1,8}$/.test(given));
}

/** The text of a prompt, and what messages call it. `read` gives the text of a file or of a built-in prompt. */
export function promptText(
  { name, given, isText }: Pick<PromptNeed, 'name' | 'given' | 'isText'>,
  read: RunContext['prompt'],
): { text: string; where: string } {
  if (given === undefined) return { text: read(name, undefined), where: `the built-in prompt ${name}` };
  if (isText || isPromptText(given))
    return { text: given.replace(/\n$/, ''), where: `the ${isText ? name : 'prompt'}` };
  return { text: read(name, given), where: given };
}

/** The columns that a prompt uses; of a text that is no template, none: to compile it tells the mistake. */
export function promptColumns(text: string, { own = [] }: Pick<PromptNeed, 'own'>): UsedColumn[] {
  try {
    return columnsIn(new Template(text), own);
  } catch {
    return [];
  }
}

function compileNeed(context: RunContext, need: PromptNeed): Prompt {
  const { own = [] } = need;
  const { text, where } = promptText(need, context.prompt);
  const marker = KNOWN_MARKERS.find(text);
  if (marker) {
    const told = `holds the control token ${JSON.stringify(marker.text)}, which the model’s \`template\` writes; take it out`;
    throw invalid(where, told);
  }
  const template = parse(text, where);
  const { used } = templateLookups(template.parsed);
  const missing = own.find((variable) => !used.includes(variable));
  if (missing) throw invalid(where, `does not use {{ ${missing} }}, so every row would ask the same`);
  if (used.length === 0 && !need.mayBeSame) {
    throw invalid(where, 'uses no column, as {{ question }}, so every row would ask the same');
  }
  if (used.includes(CLOCK)) {
    throw invalid(where, `uses ${CLOCK}, expected nothing that differs from one run to the next`);
  }
  const columns = columnsIn(template, own);
  const names = columns.map(({ name }) => name);

  function render(row: object, given: object = row): string {
    const values: Record<string, unknown> = {};
    for (const name of names) values[name] = plain((row as Values)[name]);
    for (const name of own) values[name] = plain((given as Values)[name]);
    try {
      return template.render(values);
    } catch (error) {
      throw new RowError('ROW_PROMPT', `${where}: ${(error as Error).message}`);
    }
  }

  return Object.assign(render, { columns });
}

type Values = Readonly<Record<string, ColumnValue>>;

const CLOCK = 'strftime_now';

function columnsIn(template: Template, own: readonly string[]): UsedColumn[] {
  const { used, tested } = templateLookups(template.parsed);
  return used.filter((name) => !own.includes(name)).map((name) => ({ name, mayLack: tested.has(name) }));
}

/** A value as the template engine takes it: it knows no 64-bit integers. */
function plain(value: ColumnValue | undefined): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

function parse(text: string, where: string): Template {
  try {
    return new Template(text);
  } catch (error) {
    throw invalid(where, `is not a Jinja template: ${(error as Error).message}`);
  }
}

function invalid(where: string, message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_PIPELINE_INVALID', `${where} ${message}`);
}
