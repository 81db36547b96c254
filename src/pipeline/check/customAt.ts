import type { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import {
  type customOptions,
  NO_MODULE,
  declarationFault,
  declaredOperator,
  loadCustomOperator,
} from '../../operators/custom.js';
import { type CustomModule, customModuleAt } from '../../operators/lib/own/customModule.js';
import type { OperatorSpec } from '../../operators/lib/operator.js';
import { type KeyPath, type PipelineDocument, problem } from '../document.js';
import type { PlannedStep } from '../plan.js';
import type { CheckDeps } from './checkDeps.js';
import { parseAt } from './explain.js';

type Options = z.output<typeof customOptions>;
type ModuleDeps = Pick<CheckDeps, 'exists' | 'isPending' | 'loadsModules'>;
type Found = Pick<PlannedStep, 'spec' | 'parsed'> & { isOpen?: boolean };

/**
 * The operator of a `custom` step. Its module is executed only where `loadsModules` says so; else the operator is what the step
 * declares, and `isOpen` tells that it may write more.
 */
export async function customAt(
  document: PipelineDocument,
  path: KeyPath,
  { input, parsed }: { input: unknown; parsed: Options },
  folder: string,
  deps: ModuleDeps,
  problems: ScaleQuestError[],
): Promise<Found | undefined> {
  const add = (key: string, message: string): undefined =>
    void problems.push(problem('ERR_OPERATOR_LOAD', document.at([...path, key]), message));
  const module = customModuleAt(parsed.path, folder);
  const fault = module ? missing(module, deps) : NO_MODULE;
  if (fault !== null) return add('path', fault);
  if (!deps.loadsModules || !deps.exists(module!.file)) {
    const spec = declaredOperator(parsed) as unknown as OperatorSpec;
    return { spec, parsed, ...(parsed.writes === undefined ? { isOpen: true } : {}) };
  }
  try {
    const loaded = await loadCustomOperator(module!);
    // The module may have a schema of its own options: only now is it known.
    const read = parseAt(document, path, loaded.options, input, problems);
    if (read === undefined) return undefined;
    const otherwise = declarationFault(parsed, loaded, read);
    if (otherwise) return add(otherwise.key, otherwise.message);
    return { spec: loaded as unknown as OperatorSpec, parsed: read };
  } catch (error) {
    if (!(error instanceof ScaleQuestError)) throw error;
    return add('path', error.message);
  }
}

function missing({ file }: CustomModule, { exists, isPending }: ModuleDeps): string | null {
  if (exists(file) || isPending?.(file, 'other')) return null;
  return `${file} cannot be imported: found no such file; expected a path relative to the pipeline file`;
}
