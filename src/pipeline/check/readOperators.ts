import { dirname, join, resolve } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { PACKAGE_FOLDER, packageVersion } from '../../io/files/packageFiles.js';
import { packageFolder } from '../../io/files/operatorCode.js';
import { MODULE_NAME, isFilePath } from '../../operators/lib/own/customModule.js';
import type { DescribedOperator } from '../../operators/lib/own/operatorManifest.js';
import type { OperatorOrigin, OperatorSpec } from '../../operators/lib/operator.js';
import { OPERATOR_NAMES } from '../../operators/registry.js';
import { type PipelineDocument, isRecord, problem } from '../document.js';
import { suggestion } from '../nearest.js';
import type { CheckDeps } from './checkDeps.js';

/** The operators that a pipeline file gets from packages and folders, which `operators` names. */
export interface NamedOperators {
  names: readonly string[];
  /** An entry has a mistake, which was told: an unknown name may be one of its operators. */
  isPartial: boolean;
  /**
   * The operator: what its manifest says, or its code where `loads`. Undefined for a name that no entry has; null where its code cannot be
   * loaded, which is told once.
   */
  find(name: string, loads: boolean): Promise<OperatorSpec | null | undefined>;
}

type Deps = Pick<CheckDeps, 'exists' | 'readText' | 'operatorCodeHash'>;

/** Where the operators of an entry lie: a manifest, and the module of a file that is one alone. */
export interface OperatorsPlace {
  manifest: string;
  folder: string | null;
  /** The module, where the manifest does not name it. */
  module: string | null;
}

const NO_OPERATORS: NamedOperators = { names: [], isPartial: false, find: async () => undefined };

/** Reads the manifests that `operators` of a file names. Executes nothing: code is loaded when a step's operator is asked for. */
export async function readOperators(
  document: PipelineDocument,
  written: unknown,
  folder: string,
  deps: Deps,
  problems: ScaleQuestError[],
): Promise<NamedOperators> {
  // What is no list of texts is told by the schema of the file.
  if (!Array.isArray(written) || written.length === 0) return NO_OPERATORS;
  const told = new Set<string>();
  function tell(index: number, message: string): void {
    const at = document.at(['operators', index]);
    if (!told.has(message)) problems.push(problem('ERR_OPERATOR_LOAD', at, message));
    told.add(message);
  }
  /** Told at the entry, where it is an error of ours. */
  async function orTell<Value>(
    index: number,
    from: string,
    work: () => Promise<Value>,
  ): Promise<Value | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      tell(index, `${from}: ${error.message}`);
      return null;
    }
  }

  const found = new Map<string, Entry>();
  const named = (written as unknown[]).map(namedEntry);
  for (const [index, item] of named.entries()) {
    if (!item) continue;
    const { from } = item;
    for (const entry of (await orTell(index, from, () => entriesOf(item, folder, deps))) ?? []) {
      const other = clashOf(entry.name, from, found);
      if (other === null) found.set(entry.name, { ...entry, index });
      else
        tell(
          index,
          `${from} has an operator called "${entry.name}", as ${other}; give its step another name: ` +
            `{ from: ${from}, as: { ${entry.name}: … } }`,
        );
    }
  }
  const loaded = new Map<string, Promise<OperatorSpec | null>>();
  return {
    names: [...found.keys()],
    get isPartial() {
      return told.size > 0 || named.includes(null);
    },
    async find(name, loads) {
      const entry = found.get(name);
      if (!entry) return undefined;
      if (!loads) return declared(entry);
      if (!loaded.has(name))
        loaded.set(
          name,
          orTell(entry.index, entry.origin.from, () => loadOperator(entry, deps)),
        );
      return loaded.get(name)!;
    },
  };
}

/** An entry with the names that it gives; null for what is none, which the schema of the file tells. */
function namedEntry(item: unknown): NamedEntry | null {
  if (typeof item === 'string') return { from: item, as: new Map() };
  const { from, as } = (item ?? {}) as { from?: unknown; as?: unknown };
  if (typeof from !== 'string' || !isRecord(as)) return null;
  return { from, as: new Map(Object.entries(as).map(([name, step]) => [name, String(step)])) };
}

interface NamedEntry {
  from: string;
  /** Name of an operator → of its step. */
  as: ReadonlyMap<string, string>;
}

/** The operators of an entry of `operators`, by its manifest. Throws ERR_OPERATOR_LOAD, and what reading a file throws. */
async function entriesOf(
  { from, as }: NamedEntry,
  folder: string,
  deps: Deps,
): Promise<Omit<Entry, 'index'>[]> {
  // Loaded for files alone that name operators.
  const { parseManifest, stepName, versionFault } =
    await import('../../operators/lib/own/operatorManifest.js');
  const place = operatorsPlace(from, folder, deps);
  const manifest = parseManifest(manifestText(from, place, deps));
  const version = versionFault(manifest.scalequest, packageVersion());
  if (version !== null) throw unfit(`${version}; ${versionAdvice(from)}`);
  const module = place.module ?? resolve(dirname(place.manifest), manifest.module);
  if (!deps.exists(module)) throw unfit(`its module ${module} is not there; build it, or describe it anew`);
  const origin = { from, module, folder: place.folder };
  const known = Object.keys(manifest.operators);
  for (const [name, step] of as) {
    if (!known.includes(name))
      throw unfit(`as.${name}: it has no operator of this name; ${suggestion(name, known)}`);
    const parsed = stepName.safeParse(step);
    if (!parsed.success) throw unfit(`as.${name}: found "${step}", ${parsed.error.issues[0]!.message}`);
  }
  const stepOf = (name: string): string => as.get(name) ?? name;
  return Object.entries(manifest.operators).map(([name, described]) => ({
    name: stepOf(name),
    described,
    origin,
  }));
}

interface Entry {
  index: number;
  name: string;
  described: DescribedOperator;
  origin: Omit<OperatorOrigin, 'isLoaded'>;
}

async function declared({ name, described, origin }: Entry): Promise<OperatorSpec> {
  const { packageOperator } = await import('../../operators/lib/own/packageOperator.js');
  return packageOperator(name, described, origin);
}

/** Module → hash of its code as this process loaded it. Node loads a module once: later code would not run, and yet be hashed. */
const loadedCode = new Map<string, string>();

/** Executes the code of an operator, which must be what its manifest says. */
async function loadOperator(
  { name, described, origin }: Entry,
  { operatorCodeHash }: Pick<Deps, 'operatorCodeHash'>,
): Promise<OperatorSpec> {
  const [{ exportedOperator, importModule }, { describeOperator, staleKey }, { packageOperator }] =
    await Promise.all([
      import('../../operators/lib/own/loadModule.js'),
      import('../../operators/lib/own/operatorManifest.js'),
      import('../../operators/lib/own/packageOperator.js'),
    ]);
  const { module, from } = origin;
  const hash = await operatorCodeHash(origin);
  const before = loadedCode.get(module) ?? hash;
  if (before !== hash)
    throw unfit(
      'its code has changed since this process loaded it, and Node keeps what it loaded; start the process anew',
    );
  loadedCode.set(module, hash);
  const definition = exportedOperator(await importModule(module), described.export, module);
  const found = describeOperator(definition, described.export, name);
  const key = staleKey(described, found);
  if (key !== null) {
    const message = `its manifest is not what its code says, at operators.${name}.${key}; ${describeAdvice(from)}`;
    throw unfit(message);
  }
  return packageOperator(name, found, origin, definition);
}

/** Who has the name already; null if nobody. */
function clashOf(name: string, from: string, found: ReadonlyMap<string, Entry>): string | null {
  if (OPERATOR_NAMES.some((known) => known === name)) return 'a step that comes with scalequest';
  const other = found.get(name);
  return other
    ? other.origin.from === from
      ? 'the same entry before it'
      : `${other.origin.from} has`
    : null;
}

/** Where the manifest of an entry is: of a folder, of a module, or of an installed package. Throws ERR_OPERATOR_LOAD. */
export function operatorsPlace(
  from: string,
  folder: string,
  { exists }: Pick<Deps, 'exists'>,
): OperatorsPlace {
  if (from.includes('\0') || !(isFilePath(from) || PACKAGE.test(from))) throw unfit(NO_PLACE);
  if (!isFilePath(from)) {
    const name = from.split('/', from.startsWith('@') ? 2 : 1).join('/');
    const found = packageFolder(name, folder, exists) ?? packageFolder(name, PACKAGE_FOLDER, exists);
    if (found === null) throw unfit(`no package is installed under this name; ${NO_PLACE}`);
    const inner = join(found, ...from.slice(name.length).split('/'));
    return { manifest: join(inner, MANIFEST_NAME), folder: found, module: null };
  }
  const path = resolve(folder, from);
  if (!exists(path)) throw unfit(`${path} is not there, expected a folder or a module with operators`);
  if (!MODULE_NAME.test(path)) return { manifest: join(path, MANIFEST_NAME), folder: path, module: null };
  return { manifest: manifestOfModule(path), folder: null, module: path };
}

/** The manifest of a folder. */
export const MANIFEST_NAME = 'scalequest.json';

/** `shout.mjs` → `shout.scalequest.json`, beside it. */
export function manifestOfModule(path: string): string {
  return path.replace(MODULE_NAME, `.${MANIFEST_NAME}`);
}

function manifestText(from: string, { manifest }: OperatorsPlace, { exists, readText }: Deps): string {
  if (exists(manifest)) return readText(manifest);
  throw unfit(
    `it has no manifest, expected ${manifest}, which says its operators without executing their code; ${describeAdvice(from)}`,
  );
}

function describeAdvice(from: string): string {
  return isFilePath(from)
    ? `write it: npx scalequest describe ${from}`
    : 'its author writes it by `npx scalequest describe .` before it is packed';
}

function versionAdvice(from: string): string {
  return isFilePath(from)
    ? describeAdvice(from)
    : 'install a version of the package that was, or another version of scalequest';
}

const NO_PLACE =
  'expected a folder or a module whose path begins with `./`, or the name of a package that is installed beside the pipeline file';

/** A package, or a folder in one, as npm names them. Nothing that a URL could be: no scheme, no percent sign, no white space. */
const PACKAGE = /^(@[a-z0-9-][a-z0-9._-]*\/)?[a-z0-9-][a-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

function unfit(message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_OPERATOR_LOAD', message);
}
