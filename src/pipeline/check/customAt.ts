import { z } from 'zod';
import { columnTypeSchema } from '../../arrow/columnTypeSchema.js';
import { ScaleQuestError } from '../../errors.js';
import {
  type customOptions,
  NO_MODULE,
  declarationFault,
  declaredOperator,
  loadCustomOperator,
} from '../../operators/custom.js';
import { type CustomModule, customModuleAt, splitExport } from '../../operators/lib/own/customModule.js';
import type { OperatorSpec } from '../../operators/lib/operator.js';
import { type KeyPath, type PipelineDocument, problem } from '../document.js';
import type { PlannedStep } from '../plan.js';
import type { CheckDeps } from './checkDeps.js';
import { parseAt } from './explain.js';

type Options = z.output<typeof customOptions>;
type ModuleDeps = Pick<CheckDeps, 'exists' | 'canImport' | 'isPending' | 'loadsModules' | 'packageManifest'>;
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
  const isThere = 'package' in module! || deps.exists(module!.file);
  if (!deps.loadsModules || !isThere) {
    const declared = { ...manifestOf(module!, parsed.path, deps), ...stated(parsed) };
    const spec = declaredOperator({ ...parsed, ...declared }) as unknown as OperatorSpec;
    return { spec, parsed, ...(declared.writes === undefined ? { isOpen: true } : {}) };
  }
  try {
    const loaded = await loadCustomOperator(module!.specifier);
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

function stated({ reads, writes }: Options): Declared {
  return { ...(reads && { reads }), ...(writes && { writes }) };
}

type Declared = Partial<Pick<Options, 'reads' | 'writes'>>;

/** What the package.json of a package says of an operator: `scalequest: { operators: { countWords: { reads, writes } } }`. */
function manifestOf(module: CustomModule, path: string, { packageManifest }: ModuleDeps): Declared {
  if (!('package' in module)) return {};
  const manifest = manifestSchema.safeParse(packageManifest?.(module.package));
  const operators = manifest.success ? manifest.data.operators : {};
  const name = splitExport(path).exported ?? 'default';
  return Object.hasOwn(operators, name) ? operators[name]! : {};
}

const columnTypes = z.record(z.string(), columnTypeSchema()).optional();
const manifestSchema = z.looseObject({
  operators: z.record(z.string(), z.looseObject({ reads: columnTypes, writes: columnTypes })),
});

function missing(module: CustomModule, { exists, canImport, isPending }: ModuleDeps): string | null {
  if ('package' in module) {
    if (canImport(module.package)) return null;
    return (
      `${module.package} cannot be imported: no such package is installed beside scalequest; install it, or write a path ` +
      'as ./mine.mjs'
    );
  }
  if (exists(module.file) || isPending?.(module.file, 'other')) return null;
  return `${module.file} cannot be imported: found no such file; expected a path relative to the pipeline file`;
}
