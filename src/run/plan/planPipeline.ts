import { existsSync } from 'node:fs';
import { PipelineProblems, ScaleQuestError } from '../../errors.js';
import { contentsHash, openContents, readHead } from '../../io/files/contents.js';
import { listDataFiles } from '../../io/files/dataFiles.js';
import { nodeFiles } from '../../io/files/files.js';
import { operatorCodeHash } from '../../io/files/operatorCode.js';
import { canImport, readPromptFile } from '../../io/files/packageFiles.js';
import { HANDED_OVER, readTextFile } from '../../io/files/textFile.js';
import type { OperatorSpec } from '../../operators/lib/operator.js';
import type { Chain } from '../../pipeline/chain.js';
import { type CheckedPipeline, checkFile, checkFileUnread, operatorsIn } from '../../pipeline/check/check.js';
import { type CheckDeps, promptFrom } from '../../pipeline/check/checkDeps.js';
import type { CheckedLink } from '../../pipeline/check/rules/checkLinks.js';
import { type Override, isChainText } from '../../pipeline/document.js';
import type { Plan } from '../../pipeline/plan.js';
import { filledRemover, redactError } from '../../train/environment.js';
import { type SystemWorld, systemWorld } from '../systemWorld.js';

const DEPS = {
  readText: readPipelineText,
  exists: existsSync,
  canImport,
  looksHere: true,
  readHead,
  contentsHash,
  operatorCodeHash,
  listFiles: (paths, pick) => listDataFiles(nodeFiles, paths, pick),
  sourceHead: ({ format, options }, request) => format.readHead(nodeFiles, request, options),
  prompt: readPromptFile,
  // Loads Arrow and the readers of data files, which few pipelines need at their check.
  texts: async (path, column) => (await import('../../io/sources/readTexts.js')).readTexts(path, column),
  tables: async (path, columns, memoryMiB) =>
    (await import('../../io/sources/readTable.js')).readTable(path, columns, { memoryMiB }),
} satisfies Omit<CheckDeps, 'env'>;

/** Texts of what can be read once, and is read twice: to see whether it is a chain, and to check it. */
const handedOver = new Map<string, string>();

function readPipelineText(path: string): string {
  try {
    const text = handedOver.get(path) ?? readTextFile(path);
    if (HANDED_OVER.test(path)) handedOver.set(path, text);
    return text;
  } catch (error) {
    throw new ScaleQuestError('ERR_PIPELINE_READ', (error as Error).message, { cause: error });
  }
}

/** What a pipeline file may be given from outside. */
export interface PipelineOptions {
  /** Values of the file to change: `{ target: 100, 'steps.respond.n': 4 }`, as `--set` does. */
  set?: Readonly<Record<string, unknown>> | readonly Override[];
}

/** How a run has its rows done by other processes. */
export interface WorkersOptions {
  /**
   * Worker processes that the run starts on this machine.
   * @default 0
   */
  count?: number | undefined;
  /** Where the run listens for workers; on this machine alone, at any free port, if absent. Needs a token. */
  listen?: { host: string; port: number } | undefined;
  /** What workers must know: 16 printable characters or more. One is drawn for the processes that the run starts, if absent. */
  token?: string | undefined;
}

/** Where a run goes, and whether it goes on. */
export interface RunOptions extends PipelineOptions {
  /** The run folder; a run that was begun there goes on. `output.folder` of the file, or `runs/<name>`, if absent. */
  out?: string | undefined;
  /**
   * Start anew, in a folder beside the one that is used.
   * @default false
   */
  fresh?: boolean;
  /**
   * Take the run folder, and the store that its run has open, from any process that holds them, also one on another machine.
   * Should that process still be at work, it ends with ERR_RUN_TAKEN_OVER.
   * @default false
   */
  takeOver?: boolean;
  /** Other processes that do the steps which ask models; this process does all if absent. See docs/scale.md. */
  workers?: WorkersOptions | undefined;
  /**
   * Share of the rows, 0 to 1, whose calls to models are told as `called` events, for traces.
   * @default 0
   */
  calls?: number | undefined;
  /** Stops the run: what was committed is intact, and `result` rejects with ERR_CANCELLED. */
  signal?: AbortSignal;
}

/** `set` as the command line has it, or as a program writes it. */
export function overridesFrom({ set = [] }: PipelineOptions): readonly Override[] {
  if (Array.isArray(set)) return set as readonly Override[];
  // JSON is YAML.
  return Object.entries(set).map(([key, value]) => ({ path: key.split('.'), value: JSON.stringify(value) }));
}

/**
 * Reads and checks a pipeline file: what will run, and nothing else. Sends, writes and executes nothing: of a user's own step it
 * knows what the file declares.
 *
 * @throws PipelineProblems with every mistake found, each with its code, file, line, column and key.
 * @example
 * const plan = await planPipeline('pipelines/quickstart.yaml', { set: { target: 100 } });
 * console.log(printPlan(plan));
 */
export function planPipeline(
  file: string,
  options: PipelineOptions = {},
  { env }: Pick<SystemWorld, 'env'> = systemWorld(),
  isPending?: CheckDeps['isPending'],
): Promise<Plan> {
  return checkFile(file, { ...DEPS, env, ...(isPending ? { isPending } : {}) }, overridesFrom(options));
}

/** The same for what will run now: it executes the modules of users' own steps, and so checks their options and columns too. */
export function planToRun(
  file: string,
  options: PipelineOptions,
  { env }: Pick<SystemWorld, 'env'>,
): Promise<Plan> {
  return checkFile(file, { ...DEPS, env, loadsModules: true }, overridesFrom(options));
}

/** The operators of others that a file names, without executing them. Throws PipelineProblems. */
export function operatorsOfPipeline(
  file: string,
  { env }: Pick<SystemWorld, 'env'> = systemWorld(),
): Promise<OperatorSpec[]> {
  return operatorsIn(file, { ...DEPS, env });
}

/** As `planToRun` for a copy of a file, with the paths in it as they are in `file`. */
export function planSnapshot(file: string, text: string, { env }: Pick<SystemWorld, 'env'>): Promise<Plan> {
  return checkSnapshot(file, text, env, true);
}

/** The same, without loading a module that the file names: to look at a run, and not to go on with it. */
export function planSnapshotUnloaded(
  file: string,
  text: string,
  { env }: Pick<SystemWorld, 'env'>,
): Promise<Plan> {
  return checkSnapshot(file, text, env, false);
}

function checkSnapshot(
  file: string,
  text: string,
  env: SystemWorld['env'],
  loadsModules: boolean,
): Promise<Plan> {
  const readText = (path: string): string => (path === file ? text : readPipelineText(path));
  return checkFile(file, { ...DEPS, readText, env, loadsModules }, []);
}

/** The same without its identity, for what runs no row: data and model files are opened and not read. */
export function planUnread(
  file: string,
  options: PipelineOptions,
  { env }: Pick<SystemWorld, 'env'>,
): Promise<CheckedPipeline> {
  return checkFileUnread(file, { ...DEPS, env }, overridesFrom(options), openContents);
}

/** Options of `checkPipeline`. */
export interface CheckOptions extends PipelineOptions {
  /**
   * Also ask every server of every model one small question.
   * @default false
   */
  online?: boolean;
}

/** What `checkPipeline` found: a plan without its identity, or mistakes, or (with `online`) a plan whose servers do not answer. */
export interface PipelineCheck {
  /** Null if the file has mistakes. */
  plan: CheckedPipeline | null;
  /** The mistakes, each with its place; empty if there are none. */
  problems: readonly ScaleQuestError[];
}

/**
 * Finds every mistake of a pipeline file before anything is sent or written. `online`: also asks every server of every model
 * one small question. Mistakes are returned, not thrown. Data and model files are opened and not read, so it is quick where
 * they are large.
 *
 * @throws ERR_PIPELINE_READ for a file that cannot be read.
 * @example
 * const { problems } = await checkPipeline('pipelines/quickstart.yaml');
 * for (const { code, message } of problems) console.error(`${message} [${code}]`);
 */
export async function checkPipeline(
  file: string,
  { online = false, ...options }: CheckOptions = {},
  world: Pick<SystemWorld, 'env'> = systemWorld(),
): Promise<PipelineCheck> {
  try {
    const deps = { ...DEPS, env: world.env, needsKeys: true, needsRows: true };
    const plan = await checkFileUnread(file, deps, overridesFrom(options), openContents);
    if (!online) return { plan, problems: [] };
    const { checkOnline } = await import('../../pipeline/check/checkOnline.js');
    const problems = await checkOnline(plan, { env: world.env, folder: plan.folder });
    const clean = filledRemover(plan.filled);
    return { plan, problems: problems.map((each) => redactError(each, clean) as ScaleQuestError) };
  } catch (error) {
    if (!(error instanceof PipelineProblems)) throw error;
    return { plan: null, problems: error.problems };
  }
}

/** A checked chain. */
export interface PlannedChain {
  /** The file. */
  chain: Chain;
  /** Its links, each with its checked pipeline. */
  links: CheckedLink[];
}

/**
 * A chain file, checked with every link of it; null for a pipeline file. Executes nothing, unless `loadsModules` asks for
 * the modules of users' own steps, as before a run.
 */
export async function planChain(
  file: string,
  { env }: Pick<SystemWorld, 'env'> = systemWorld(),
  more: Pick<CheckDeps, 'loadsModules' | 'needsKeys'> = {},
): Promise<PlannedChain | null> {
  if (!isChainText(readPipelineText(file))) return null;
  const [{ checkChain }, { checkLinks }] = await Promise.all([
    import('../../pipeline/chain.js'),
    import('../../pipeline/check/rules/checkLinks.js'),
  ]);
  const deps = { ...DEPS, env, ...more };
  const chain = checkChain(file, deps);
  return { chain, links: await checkLinks(chain, deps) };
}

export function promptOf(plan: Pick<Plan, 'folder'>): CheckDeps['prompt'] {
  return promptFrom(plan.folder, DEPS);
}
