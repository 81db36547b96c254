import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import type { Column, ColumnType } from '../arrow/columnType.js';
import type { ModelConfig } from '../backends/registry.js';
import type { OperatorSpec } from '../operators/lib/operator.js';
import { commandOf, printCommand } from '../train/command.js';
import { filledRemover } from '../train/environment.js';
import { labelOf } from '../train/schema.js';
import type { pipelineSchema } from './schema.js';
import type { Texts } from './check/texts.js';

/** One step of a checked pipeline. */
export interface PlannedStep {
  label: string;
  spec: OperatorSpec;
  /** As written in the file; `parsed` has the defaults filled in. */
  input: unknown;
  parsed: unknown;
}

/** A pipeline file that passed every check: what will run, and nothing else. */
export interface Plan {
  file: string;
  /** Folder that relative paths in the file start from. */
  folder: string;
  text: string;
  /** What the environment filled in, by the names of its variables; secrets among it are written into no file. */
  filled: ReadonlyMap<string, string>;
  name: string;
  settings: Omit<z.output<typeof pipelineSchema>, 'models' | 'steps'>;
  models: Readonly<Record<string, ModelConfig>>;
  steps: readonly PlannedStep[];
  texts: Texts;
  /** Columns written to the shards, in order. */
  columns: readonly Column[];
  /** What the file names and the set goes without, for the steps that write it are switched off; exports with what they miss. */
  leftOut: { columns: readonly string[]; exports: Readonly<Record<string, string>> };
  /** Hash of everything that decides the rows, and of nothing that only decides how fast they come. */
  identity: string;
  /** The same, part by part: see `Identity`. */
  parts: Readonly<Record<string, string>>;
  /** For each step whose decisions may be kept: see `Identity`. */
  deciders: readonly string[];
}

export const SEQ_COLUMN: Column = { name: 'seq', type: 'int32', help: 'Position of the row in the source.' };

/** Columns there are before the first step. */
export function sourceColumns(source: z.output<typeof pipelineSchema>['source']): Column[] {
  const declared = (source.jsonl ?? source.parquet)?.columns ?? {};
  return [
    SEQ_COLUMN,
    ...Object.entries(declared).map(([name, type]) => ({
      name,
      type: type as ColumnType,
      help: 'From the source.',
      nullable: true,
    })),
  ];
}

/** Columns after a step: what it writes replaces a column of the same name in place. */
export function columnsAfter(
  before: readonly Column[],
  step: Pick<PlannedStep, 'spec' | 'parsed'>,
): Column[] {
  const columns = [...before];
  for (const written of step.spec.writes(step.parsed)) {
    const at = columns.findIndex(({ name }) => name === written.name);
    if (at >= 0) columns[at] = written;
    else columns.push(written);
  }
  return columns;
}

/** SHA-256 over canonical JSON: the same values in any order of keys give the same hash. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, v]) => `${JSON.stringify(key)}:${canonical(v)}`).join(',')}}`;
}

/** The plan as text: each step, its model, what it reads, writes and holds. */
export function printPlan(plan: Plan): string {
  const { settings, steps, models } = plan;
  const end = [
    settings.target === undefined ? null : `${settings.target} kept rows`,
    settings.limit === undefined ? null : `${settings.limit} source rows`,
  ].filter((part) => part !== null);
  const when = end.length > 0 ? end.join(' or ') : 'the end of its source';
  const { windowRows, batchRows } = settings.source;
  const lines = [
    `${plan.name} (${plan.file}), seed ${settings.seed}, identity ${plan.identity.slice(0, 12)}`,
    `ends at ${when}${end.length > 1 ? ', whichever comes first' : ''}`,
    `source  at most ${windowRows} rows under way, in batches of ${batchRows}`,
    '',
  ];
  for (const [index, step] of steps.entries()) {
    const needs = step.spec.models(step.parsed);
    const asked = [
      ...new Set(
        needs
          .filter(({ needs: need }) => need !== 'named')
          .map(({ model, needs: need }) => `${model} (${need})`),
      ),
    ];
    lines.push(`${String(index + 1).padStart(2)}  ${step.label}: ${step.spec.summary}`);
    lines.push(`      reads  ${Object.keys(step.spec.reads(step.parsed)).join(', ') || '–'}`);
    lines.push(
      `      writes ${
        step.spec
          .writes(step.parsed)
          .map(({ name }) => name)
          .join(', ') || '–'
      }`,
    );
    if (asked.length > 0) lines.push(`      asks   ${asked.join(', ')}`);
    lines.push(`      holds  ${step.spec.contract.holdsAtMost}`);
  }
  lines.push('', `output  ${plan.columns.map(({ name, type }) => `${name}: ${type}`).join(', ')}`);
  lines.push(
    `        shards of ${settings.output.shardRows} rows, row groups of ${settings.output.rowGroupRows}, zstd`,
  );
  const without = leftOutText(plan);
  if (without !== null) lines.push(`        ${without}`);
  lines.push('', 'models');
  for (const [name, config] of Object.entries(models)) lines.push(`  ${name}  ${JSON.stringify(config)}`);
  return [...lines, ...trainingLines(plan)].join('\n');
}

/** What is left out with the steps that are switched off, in words; null where nothing is. */
export function leftOutText({ leftOut }: Pick<Plan, 'leftOut'>): string | null {
  const exports = Object.entries(leftOut.exports).map(
    ([name, missing]) => `the export ${name} (it reads ${missing})`,
  );
  const all = [...leftOut.columns.map((name) => `the column ${name}`), ...exports];
  return all.length === 0 ? null : `left out, for their steps are switched off: ${all.join(', ')}`;
}

/** The commands as they would be in a first run folder. */
function trainingLines({ settings, folder, name, filled }: Plan): string[] {
  if (settings.train.length === 0) return [];
  const run = resolve(settings.output.folder ?? join('runs', name));
  const clean = filledRemover(filled);
  const lines = settings.train.map((training, number) => {
    const own = join(run, 'train', String(number));
    const command = commandOf(training, { folder, run, own, name, seed: settings.seed }).map(clean);
    return `  ${labelOf(training)}  ${printCommand(command)}`;
  });
  return ['', 'train', ...lines];
}
