import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { type Model } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import type { CommitSink, Totals } from '../../../src/flow/commitShards.js';
import { contentsHash, readHead } from '../../../src/io/files/contents.js';
import { listDataFiles } from '../../../src/io/files/dataFiles.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { operatorCodeHash } from '../../../src/io/files/operatorCode.js';
import { PACKAGE_FOLDER, canImport, readPromptFile } from '../../../src/io/files/packageFiles.js';
import { readTextFile } from '../../../src/io/files/textFile.js';
import { readTable } from '../../../src/io/sources/readTable.js';
import { readTexts } from '../../../src/io/sources/readTexts.js';
import { sourceReader } from '../../../src/io/sources/sourceReader.js';
import { checkFile } from '../../../src/pipeline/check/check.js';
import { type CheckDeps, promptFrom } from '../../../src/pipeline/check/checkDeps.js';
import type { Override } from '../../../src/pipeline/document.js';
import { PipelineProblems } from '../../../src/errors.js';
import type { ScaleQuestError } from '../../../src/errors.js';
import type { Plan } from '../../../src/pipeline/plan.js';
import { runPlan } from '../../../src/run/stream/runPlan.js';

export const PIPELINES_FOLDER = join(PACKAGE_FOLDER, 'pipelines');
export const QUICKSTART = join(PIPELINES_FOLDER, 'quickstart.yaml');
/** The file that a text stands for. */
const TEST_FILE = join(PIPELINES_FOLDER, 'test.yaml');

/** The real prompts and files, and whatever text stands for the pipeline file: its rows need not be there. */
export function checkDeps(text?: string, more: Partial<CheckDeps> = {}): CheckDeps {
  return {
    env: {},
    readText: (path) => 
      text !== undefined && (path === TEST_FILE || !existsSync(path)) ? text : readTextFile(path),
    exists: existsSync,
    canImport,
    // Plans of tests are run.
    loadsModules: true,
    ...(text === undefined ? {} : { isPending: (path, what) => what === 'source' && !existsSync(path) }),
    readHead,
    contentsHash,
    operatorCodeHash,
    listFiles: (paths, pick) => listDataFiles(nodeFiles, paths, pick),
    sourceHead: ({ format, options }, request) => format.readHead(nodeFiles, request, options),
    prompt: readPromptFile,
    texts: readTexts,
    tables: (path, columns, memoryMiB) => readTable(path, columns, { memoryMiB }),
    ...more,
  };
}

/** Checks a text as if it were a file in `pipelines/`. */
export function checkText(
  text: string,
  overrides: readonly Override[] = [],
  more: Partial<CheckDeps> = {},
): Promise<Plan> {
  return checkFile(TEST_FILE, checkDeps(text, more), overrides);
}

/** Every mistake that the check finds; fails if it finds none. */
export async function problemsOf(
  text: string,
  more: Partial<CheckDeps> = {},
  overrides: readonly Override[] = [],
): Promise<readonly ScaleQuestError[]> {
  try {
    await checkText(text, overrides, more);
  } catch (error) {
    if (error instanceof PipelineProblems) return error.problems;
    throw error;
  }
  throw new Error('the check found no mistake');
}

/** `key=value` as the command line has it. */
export function overridesOf(...texts: string[]): Override[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    return { path: text.slice(0, at).split('.'), value: text.slice(at + 1) };
  });
}

/** Runs a plan into memory. */
export async function runInMemory(
  plan: Plan,
  models: Record<string, Model>,
): Promise<{ totals: Totals; batches: RecordBatch[] }> {
  const batches: RecordBatch[] = [];
  const sink: CommitSink = {
    append: async (rows) => void batches.push(rows),
    appendEvents: async () => {},
    commit: async () => {},
  };
  const totals = await runPlan(plan, {
    models,
    prompt: promptFrom(plan.folder, checkDeps()),
    read: sourceReader(plan.settings.source, plan.folder),
    sink,
  });
  return { totals, batches };
}

/** The bundled model; close it. */
export function openTiny(options: { processes?: number; sequences?: number } = {}): Promise<Model> {
  const llamaCpp = { path: '../models/tiny.gguf', ...options };
  return openModel('tiny', { llamaCpp }, { env: {}, folder: PIPELINES_FOLDER });
}

/** Asks the model each request once: its reply depends on nothing else, as llamaCpp.test holds. For runs with the same first steps. */
export function answerOnce(model: Model): Model {
  const replies = new Map<string, Promise<unknown>>();
  async function once<Reply>(request: object, ask: () => Promise<Reply>): Promise<Reply> {
    const key = JSON.stringify(request);
    if (!replies.has(key)) replies.set(key, ask());
    return structuredClone(await (replies.get(key) as Promise<Reply>));
  }
  return {
    ...model,
    complete: (request) => once({ complete: request }, () => model.complete(request)),
    choose: (request) => once({ choose: request }, () => model.choose(request)),
  };
}
