import { existsSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { writeAtomic } from '../../io/files/atomicFile.js';
import { nodeFiles } from '../../io/files/files.js';
import { moduleOfFolder } from '../../io/files/operatorCode.js';
import { packageVersion } from '../../io/files/packageFiles.js';
import { MODULE_NAME } from '../../operators/lib/own/customModule.js';
import {
  type ExportedOperator,
  exportedOperators,
  importModule,
} from '../../operators/lib/own/loadModule.js';
import {
  type DescribedOperator,
  MANIFEST_FORMAT,
  type OperatorManifest,
  describeOperator,
  printManifest,
} from '../../operators/lib/own/operatorManifest.js';
import { OPERATOR_NAMES } from '../../operators/registry.js';
import { MANIFEST_NAME, manifestOfModule } from '../../pipeline/check/readOperators.js';

/** Options of `describeOperators`. */
export interface DescribeOptions {
  /** The module of a folder that exports its operators, from there; what its package.json says, else `index`, if absent. */
  module?: string | undefined;
}

/** Operators as their code says, before the manifest is written. */
export interface DescribedOperators {
  /** Where the manifest belongs. */
  file: string;
  /** What is written there. */
  manifest: OperatorManifest;
  /** What the module exports, by the names of the operators. */
  exports: ReadonlyMap<string, ExportedOperator>;
}

/**
 * Executes the operators of a folder or a module, and says as data what they are: what `check`, `plan`, `steps` and editors know of them.
 *
 * @throws ERR_OPERATOR_LOAD for a module that cannot be loaded, or an operator with a mistake.
 * @example
 * const { file, manifest } = await describeOperators('./operators/shout');
 * console.log(file, Object.keys(manifest.operators));
 */
export async function describeOperators(
  path: string,
  options: DescribeOptions = {},
): Promise<DescribedOperators> {
  const { module, manifest: file } = await placeOf(resolve(path), options);
  const exported = exportedOperators(await importModule(module), module);
  if (exported.length === 0)
    throw unfit(`${module} exports no operator, expected what \`defineOperator\` gives`);
  const operators: Record<string, DescribedOperator> = {};
  const exports = new Map<string, ExportedOperator>();
  for (const each of exported) {
    const name = nameOf(each, module);
    if (exports.has(name))
      throw unfit(`${module} has two operators called "${name}", expected names that differ`);
    operators[name] = describeOperator(each.definition, each.exported, `"${name}" of ${module}`);
    exports.set(name, each);
  }
  const written = `./${relative(dirname(file), module).replaceAll(sep, '/')}`;
  const manifest = {
    format: MANIFEST_FORMAT,
    scalequest: packageVersion(),
    module: written,
    operators,
  } as const;
  return { file, manifest, exports };
}

/** Writes the manifest beside the operators. Throws ERR_IO_WRITE. */
export async function writeManifest({
  file,
  manifest,
}: Pick<DescribedOperators, 'file' | 'manifest'>): Promise<void> {
  await writeAtomic(nodeFiles, file, printManifest(manifest));
}

async function placeOf(
  path: string,
  options: DescribeOptions,
): Promise<{ module: string; manifest: string }> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw unfit(`${path} is not there, expected a folder or a module with operators`);
  if (!found.isDirectory()) {
    if (MODULE_NAME.test(path)) return { module: path, manifest: manifestOfModule(path) };
    throw unfit(`${path} is no module, expected one as shout.mjs, or a folder`);
  }
  const module = options.module === undefined ? await moduleOfFolder(path) : resolve(path, options.module);
  if (module === null)
    throw unfit(
      `${path} has no module, expected \`exports\` or \`main\` in its package.json, or index.js; or name it by --module`,
    );
  return { module, manifest: resolve(path, MANIFEST_NAME) };
}

/** The name of the step: that of the definition, else that under which it is exported. */
function nameOf({ exported, definition }: ExportedOperator, module: string): string {
  const name = definition.name === 'custom' ? exported : definition.name;
  if (name === 'default')
    throw unfit(
      `the default export of ${module} has no name, expected \`name\` in it, which its step is called by`,
    );
  if (!OPERATOR_NAMES.some((known) => known === name)) return name;
  throw unfit(
    `${module} has an operator called "${name}", as a step that comes with scalequest; give it another name`,
  );
}

function unfit(message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_OPERATOR_LOAD', message);
}

/** Whether the manifest is there as it would be written. */
export function isCurrent({ file, manifest }: Pick<DescribedOperators, 'file' | 'manifest'>): boolean {
  return existsSync(file) && readFileSync(file, 'utf8') === printManifest(manifest);
}
