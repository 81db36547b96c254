import { join, resolve } from 'node:path';
import { commandOf, printCommand } from '../train/command.js';
import { filledRemover } from '../train/environment.js';
import { labelOf } from '../train/schema.js';
import type { SchemaHold } from '../backends/heldSchema.js';
import { describeModel } from '../backends/registry.js';
import type { Plan, PlannedStep } from './plan.js';

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
    `source  at most ${windowRows} rows in flight, in batches of ${batchRows}`,
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
    const reads = new Set([...Object.keys(step.spec.reads(step.parsed)), ...step.uses]);
    lines.push(`      reads  ${[...reads].join(', ') || '–'}`);
    lines.push(
      `      writes ${
        step.spec
          .writes(step.parsed)
          .map(({ name }) => name)
          .join(', ') || '–'
      }`,
    );
    if (asked.length > 0) lines.push(`      asks   ${asked.join(', ')}`);
    for (const line of new Set(holdsOf(plan, step).map(holdText))) lines.push(`      schema ${line}`);
    lines.push(`      holds  ${step.spec.contract.holdsAtMost}`);
  }
  lines.push('', `output  ${plan.columns.map(({ name, type }) => `${name}: ${type}`).join(', ')}`);
  const unknown = undeclaredText(plan);
  if (unknown !== null) lines.push(`        ${unknown}`);
  lines.push(
    `        shards of ${settings.output.shardRows} rows, row groups of ${settings.output.rowGroupRows}, zstd`,
  );
  const without = omittedText(plan);
  if (without !== null) lines.push(`        ${without}`);
  if (plan.leftOut.length > 0) lines.push(`        ${leftOutText(plan.leftOut)}`);
  lines.push('', 'models');
  for (const [name, config] of Object.entries(models)) lines.push(`  ${name}  ${JSON.stringify(config)}`);
  return filledRemover(plan.filled)([...lines, ...trainingLines(plan)].join('\n'));
}

/** How the servers of a model hold replies to a schema of a step. */
interface HeldBy {
  model: string;
  hold: SchemaHold;
}

function holdsOf({ models }: Pick<Plan, 'models'>, { spec, parsed }: PlannedStep): HeldBy[] {
  return (spec.schemas?.(parsed) ?? []).flatMap(({ model, schema }) => {
    const hold = Object.hasOwn(models, model) ? describeModel(models[model]!).holds?.(schema) : undefined;
    return hold ? [{ model, hold }] : [];
  });
}

function holdText({ model, hold }: HeldBy): string {
  if ('why' in hold) return `${model}: replies are checked here alone, for ${hold.why}`;
  const but = hold.but.length > 0 ? `, but for ${hold.but.join(', ')}` : '';
  return `${model}: ${hold.how}${but}; each reply is checked here too`;
}

/** Which steps have a schema that their models are not held to, in words; null where none has. */
export function unheldText(plan: Pick<Plan, 'models' | 'steps'>): string | null {
  const found = plan.steps.flatMap((step) =>
    holdsOf(plan, step)
      .filter(({ hold }) => 'why' in hold)
      .map((held) => `${step.label}, ${holdText(held)}`),
  );
  return found.length === 0 ? null : `no server holds replies to the schema of ${found.join('; of ')}`;
}

/** Which columns are not known before a run, in words; null where all are. */
export function undeclaredText({ undeclared }: Pick<Plan, 'undeclared'>): string | null {
  if (undeclared.length === 0) return null;
  return `and what ${undeclared.join(' and ')} writes: its module is loaded by \`run\` and \`preview\` alone; \`writes\` tells it here`;
}

/** Which files lie beside those of the source and are not read, in words. */
export function leftOutText(files: readonly string[]): string {
  const more = files.length > FILES_SHOWN ? ` and ${files.length - FILES_SHOWN} more` : '';
  return (
    `not read, though in a folder of the source: ${files.slice(0, FILES_SHOWN).join(', ')}${more}; ` +
    '`path` may name other files, and `subfolders: true` reads folders'
  );
}

const FILES_SHOWN = 20;

/** What is left out with the steps that are switched off, in words; null where nothing is. */
export function omittedText({ omitted }: Pick<Plan, 'omitted'>): string | null {
  const exports = Object.entries(omitted.exports).map(
    ([name, missing]) => `the export ${name} (it reads ${missing})`,
  );
  const all = [...omitted.columns.map((name) => `the column ${name}`), ...exports];
  return all.length === 0 ? null : `left out, for their steps are switched off: ${all.join(', ')}`;
}

/** The commands as they would be in a first run folder. */
function trainingLines({ settings, folder, name }: Plan): string[] {
  if (settings.train.length === 0) return [];
  const run = resolve(settings.output.folder ?? join('runs', name));
  const lines = settings.train.map((training, number) => {
    const own = join(run, 'train', String(number));
    const command = commandOf(training, { folder, run, own, name, seed: settings.seed });
    return `  ${labelOf(training)}  ${printCommand(command)}`;
  });
  return ['', 'train', ...lines];
}
