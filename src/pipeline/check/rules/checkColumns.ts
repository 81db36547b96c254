import type { Column } from '../../../arrow/columnType.js';
import type { ScaleQuestError } from '../../../errors.js';
import type { OperatorSpec } from '../../../operators/lib/operator.js';
import { loadOperators } from '../../../operators/registry.js';
import { type KeyPath, type PipelineDocument, problem } from '../../document.js';
import { missingColumns } from '../../../io/exports/registry.js';
import { nearest, suggestion } from '../../nearest.js';
import { columnsAfter, sourceColumns } from '../../columns.js';
import type { Plan, PlannedStep } from '../../plan.js';
import type { CheckDeps } from '../checkDeps.js';
import { lineOfName, readPrompts } from '../promptColumns.js';
import type { StepEntries, StepEntry } from '../readSteps.js';
import { sampleOptions } from '../../sampleOptions.js';

type Settings = Plan['settings'];

/** Where prompt files are read from. */
interface PromptFiles {
  folder: string;
  deps: Pick<CheckDeps, 'prompt'>;
}

export interface CheckedColumns {
  /** What is written to the shards. */
  columns: Column[];
  /** What is exported. */
  exports: Settings['exports'];
  omitted: Plan['omitted'];
  /** Steps after which the columns are not all known. */
  undeclared: string[];
}

/**
 * Checks the columns from step to step, those of the data set and those of its exports. A column that no step writes is a mistake.
 * If a step that is switched off would write it, the set goes without that column and without the exports that read it.
 */
export async function checkColumns(
  document: PipelineDocument,
  settings: Settings,
  entries: StepEntries,
  files: PromptFiles,
  problems: ScaleQuestError[],
): Promise<CheckedColumns> {
  const { columns: all, without, undeclared } = await columnsIn(document, settings, entries, files, problems);
  if (undeclared.length > 0) {
    const { columns: names } = settings.output;
    const columns = all.filter(({ name }) => names?.includes(name) ?? true);
    return { columns, exports: settings.exports, omitted: { columns: [], exports: {} }, undeclared };
  }
  const isOff = (name: string): boolean => writerOf(entries.off, name) !== undefined;
  const chosen = chosenColumns(document, settings, all, isOff, problems);
  const exports = checkExports(document, settings, chosen.columns, isOff, problems);
  return {
    columns: chosen.columns,
    exports: exports.written,
    omitted: { columns: [...new Set([...without, ...chosen.omitted])], exports: exports.omitted },
    undeclared,
  };
}

async function columnsIn(
  document: PipelineDocument,
  settings: Settings,
  { on, off }: StepEntries,
  files: PromptFiles,
  problems: ScaleQuestError[],
): Promise<{ columns: Column[]; without: string[]; undeclared: string[] }> {
  let columns = sourceColumns(settings.source);
  const without: string[] = [];
  const undeclared: string[] = [];
  for (const [at, { index, spec, step, isOpen }] of on.entries()) {
    // After an unknown step the columns are unknown too. To say nothing of them is better than a false alarm.
    if (!spec) return { columns, without, undeclared: [`steps.${index}`] };
    const optional = step ? (spec.optional?.(step.parsed) ?? []) : [];
    for (const [name, type] of step && undeclared.length === 0
      ? Object.entries(spec.reads(step.parsed))
      : []) {
      const column = columns.find((candidate) => candidate.name === name);
      if (column?.type === type) continue;
      if (!column && spec.mayBeAbsent?.(step!.parsed).includes(name)) continue;
      if (!column && optional.includes(name) && writerOf(off, name)) {
        without.push(name);
        continue;
      }
      const message = column
        ? `${step!.label} reads the column "${name}" as ${type}, found ${column.type}`
        : `${step!.label} reads the column "${name}", which no step before it writes; ` +
          (await columnAdvice(name, on.slice(at + 1), off));
      problems.push(problem('ERR_PIPELINE_COLUMN', document.atKey(['steps', index, spec.name]), message));
    }
    for (const { name, at: keys } of step ? (spec.adds?.(step.parsed) ?? []) : []) {
      if (!columns.some((column) => column.name === name)) continue;
      const message =
        `${step!.label} would write its field "${name}" over the column of that name, which a step before writes; ` +
        'give the field another name';
      problems.push(
        problem('ERR_PIPELINE_COLUMN', document.at(['steps', index, spec.name, ...keys]), message),
      );
    }
    const unwritten = undeclared.length > 0 ? [] : unwrittenNames(step, columns, files);
    for (const { name, text, where, at: keys } of unwritten) {
      const names = columns.map((column) => column.name);
      const meant = nearest(name, names);
      const advice = meant ? `did you mean "${meant}"?` : await columnAdvice(name, on.slice(at + 1), off);
      const message =
        `line ${lineOfName(text, name)} of ${where} uses {{ ${name} }}, a column that no step before ${step!.label} writes; ` +
        `${advice}; the columns are: ${names.join(', ')}`;
      const position = document.at(['steps', index, spec.name, ...keys]);
      problems.push(problem('ERR_PIPELINE_COLUMN', position, message));
    }
    columns = columnsAfter(columns, { spec, parsed: step?.parsed ?? sampleOptions(spec) });
    if (isOpen) undeclared.push(step!.label);
  }
  return { columns, without, undeclared };
}

/** What the prompts of a step use and no column has, with the prompt that uses it first. */
function unwrittenNames(
  step: PlannedStep | undefined,
  columns: readonly Column[],
  { folder, deps }: PromptFiles,
): { name: string; text: string; where: string; at: KeyPath }[] {
  const isWritten = (name: string): boolean => columns.some((column) => column.name === name);
  const missing = step?.uses.filter((name) => !isWritten(name)) ?? [];
  if (missing.length === 0) return [];
  const prompts = readPrompts(step!.spec, step!.parsed, folder, deps);
  return missing.map((name) => {
    const { need, text, where } = prompts.find((prompt) => prompt.columns.includes(name))!;
    return { name, text, where, at: need.at };
  });
}

async function columnAdvice(
  name: string,
  later: readonly StepEntry[],
  off: readonly StepEntry[],
): Promise<string> {
  const writer = writerOf(later, name);
  if (writer) return `move \`${writer}\` before it`;
  const switchedOff = writerOf(off, name);
  if (switchedOff) return `\`${switchedOff}\` is switched off: switch it on, or this step off too`;
  const offer = (await loadOperators()).find(
    (spec) => spec.name !== 'custom' && writesColumn(spec, sampleOptions(spec), name),
  );
  return `add a step that writes it${offer ? `, such as \`${offer.name}\`` : ''}`;
}

/** The label of the first of these steps that writes a column. */
function writerOf(entries: readonly StepEntry[], name: string): string | undefined {
  const found = entries.find(
    ({ spec, step }) => spec && writesColumn(spec, step?.parsed ?? sampleOptions(spec), name),
  );
  return found && (found.step?.label ?? found.spec!.name);
}

function writesColumn(spec: OperatorSpec, parsed: unknown, name: string): boolean {
  return spec.writes(parsed).some((column) => column.name === name);
}

function chosenColumns(
  document: PipelineDocument,
  { output }: Settings,
  columns: Column[],
  isOff: (name: string) => boolean,
  problems: ScaleQuestError[],
): { columns: Column[]; omitted: string[] } {
  const omitted: string[] = [];
  if (!output.columns) return { columns, omitted };
  const chosen = output.columns.flatMap((name, index) => {
    const column = columns.find((candidate) => candidate.name === name);
    if (column) return [column];
    if (isOff(name)) {
      omitted.push(name);
      return [];
    }
    const message = `no step writes the column "${name}"; ${suggestion(
      name,
      columns.map((candidate) => candidate.name),
    )}`;
    problems.push(problem('ERR_PIPELINE_COLUMN', document.at(['output', 'columns', index]), message));
    return [];
  });
  return { columns: chosen, omitted };
}

function checkExports(
  document: PipelineDocument,
  { exports }: Settings,
  columns: readonly Column[],
  isOff: (name: string) => boolean,
  problems: ScaleQuestError[],
): { written: Settings['exports']; omitted: Record<string, string> } {
  const written: Settings['exports'] = {};
  const omitted: Record<string, string> = {};
  for (const [name, config] of Object.entries(exports)) {
    const missing = missingColumns(config, columns);
    const off = missing.filter(
      ({ name: column }) => isOff(column) && !columns.some((each) => each.name === column),
    );
    if (missing.length === 0) written[name] = config;
    else if (off.length === missing.length) omitted[name] = off.map(({ name: column }) => column).join(', ');
    else {
      const texts = missing.map(({ name: column, type }) => `${column} (${type})`);
      const message =
        `the form ${config.format} reads ${texts.join(' and ')}, which the data set lacks; ` +
        'write them in a step, or name them in `output.columns`';
      problems.push(problem('ERR_PIPELINE_COLUMN', document.at(['exports', name, 'format']), message));
    }
  }
  return { written, omitted };
}
