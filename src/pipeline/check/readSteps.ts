import type { z } from 'zod';
import type { ScaleQuestError } from '../../errors.js';
import type { customOptions } from '../../operators/custom.js';
import type { OperatorSpec } from '../../operators/lib/operator.js';
import { OPERATOR_NAMES, loadOperator } from '../../operators/registry.js';
import { type PipelineDocument, isRecord, problem } from '../document.js';
import { suggestion } from '../nearest.js';
import type { PlannedStep } from '../plan.js';
import { stepEnabled, stepLabel } from '../schema.js';
import type { CheckDeps } from './checkDeps.js';
import { parseAt } from './explain.js';
import { withJsonFiles } from './jsonFiles.js';
import { usedColumns } from './promptColumns.js';
import type { NamedOperators } from './readOperators.js';

/** An item of `steps` in the file: without `step` where it has a mistake, without `spec` where nothing is known of it. */
export interface StepEntry {
  index: number;
  spec?: OperatorSpec;
  step?: PlannedStep;
  /** It writes columns that only its module knows, and the module was not loaded. */
  isOpen?: boolean;
}

/** What prompts and the steps of users' own need. */
type ModuleDeps = Pick<CheckDeps, 'exists' | 'isPending' | 'loadsModules' | 'prompt' | 'readText'>;

/** The steps that run, and those that are switched off: what one of these would write is missing on purpose. */
export interface StepEntries {
  on: StepEntry[];
  off: StepEntry[];
}

/** The items of `steps` in the file, each with its operator, options and label as far as they can be read. */
export async function readSteps(
  document: PipelineDocument,
  written: readonly unknown[],
  operators: NamedOperators,
  folder: string,
  deps: ModuleDeps,
  problems: ScaleQuestError[],
): Promise<StepEntries> {
  await loadNamed(written);
  const entries: StepEntries = { on: [], off: [] };
  const labels = new Set<string>();
  for (const [index, value] of written.entries()) {
    const entry: StepEntry = { index };
    const isEnabled = enabledAt(document, index, value, problems);
    entries[isEnabled ? 'on' : 'off'].push(entry);
    // What is switched off is never loaded.
    const moduleDeps = isEnabled ? deps : { ...deps, loadsModules: false };
    const spec = await operatorAt(document, index, value, operators, moduleDeps, problems);
    if (!spec) continue;
    // What a step of others writes may depend on options that have a mistake.
    if (spec.name !== 'custom' && !spec.origin) entry.spec = spec;
    const found = await stepAt(
      document,
      index,
      spec,
      value as Record<string, unknown>,
      folder,
      moduleDeps,
      problems,
    );
    if (!found) continue;
    const { isOpen, ...step } = found;
    if (isOpen) entry.isOpen = true;
    entry.spec = step.spec;
    entry.step = step;
    if (!isEnabled) continue;
    if (labels.has(step.label)) {
      const message = `a step before it is called "${step.label}" too; give one of them another \`label\``;
      problems.push(problem('ERR_PIPELINE_INVALID', document.at(['steps', index]), message));
    }
    labels.add(step.label);
  }
  return entries;
}

/** To load the operators together costs less than one after another. */
async function loadNamed(written: readonly unknown[]): Promise<void> {
  const names = written.filter(isRecord).flatMap((step) => Object.keys(step));
  await Promise.all(names.map((name) => loadOperator(name)));
}

/** A step that is switched off is checked, and then as if it were not there. */
function enabledAt(
  document: PipelineDocument,
  index: number,
  value: unknown,
  problems: ScaleQuestError[],
): boolean {
  if (!isRecord(value) || value['enabled'] === undefined) return true;
  return parseAt(document, ['steps', index, 'enabled'], stepEnabled, value['enabled'], problems) ?? true;
}

/** The operator that an item of `steps` names. */
async function operatorAt(
  document: PipelineDocument,
  index: number,
  value: unknown,
  operators: NamedOperators,
  { loadsModules = false }: ModuleDeps,
  problems: ScaleQuestError[],
): Promise<OperatorSpec | undefined> {
  const known = [...OPERATOR_NAMES, ...operators.names];
  const path = ['steps', index];
  const names = isRecord(value)
    ? Object.keys(value).filter((key) => key !== 'label' && key !== 'enabled')
    : [];
  const [name] = names;
  if (typeof value === 'string' && known.includes(value)) {
    const message = `found the name ${value} alone, expected a map of its options; write \`- ${value}: {}\``;
    problems.push(problem('ERR_PIPELINE_INVALID', document.at(path), message));
    return undefined;
  }
  if (name === undefined || names.length > 1) {
    const shown = names.length > 5 ? [...names.slice(0, 5), '…'] : names;
    const found = names.length > 1 ? `${names.length} operators (${shown.join(', ')})` : 'no operator';
    const message = `found ${found} in one step, expected exactly one of: ${known.join(', ')}`;
    problems.push(problem('ERR_PIPELINE_INVALID', document.at(path), message));
    return undefined;
  }
  const spec = (await loadOperator(name)) ?? (await operators.find(name, loadsModules));
  if (spec === undefined && !operators.isPartial) {
    const message = `no operator is called "${name}"; ${suggestion(name, known)}`;
    problems.push(problem('ERR_PIPELINE_INVALID', document.atKey([...path, name]), message));
  }
  return spec ?? undefined;
}

/** One step with its options and label read; of `custom`, as far as its module is known. */
async function stepAt(
  document: PipelineDocument,
  index: number,
  spec: OperatorSpec,
  value: Record<string, unknown>,
  folder: string,
  deps: ModuleDeps,
  problems: ScaleQuestError[],
): Promise<(PlannedStep & { isOpen?: boolean }) | undefined> {
  const { name } = spec;
  const path = ['steps', index];
  const input = withJsonFiles(
    document,
    [...path, name],
    value[name] ?? {},
    spec.jsonFiles,
    folder,
    deps,
    problems,
  );
  if (input === undefined) return undefined;
  const parsed = parseAt(document, [...path, name], spec.options, input, problems);
  const label =
    value['label'] === undefined
      ? name
      : parseAt(document, [...path, 'label'], stepLabel, value['label'], problems);
  if (parsed === undefined || label === undefined) return undefined;
  if (name !== 'custom') return { label, spec, input, parsed, uses: usedColumns(spec, parsed, folder, deps) };
  const { customAt } = await import('./customAt.js');
  const options = parsed as z.output<typeof customOptions>;
  const found = await customAt(document, [...path, name], { input, parsed: options }, folder, deps, problems);
  return found && { label, input, uses: [], ...found };
}
