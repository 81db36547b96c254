import { existsSync } from 'node:fs';
import { ScaleQuestError } from '../errors.js';
import { contentsHash, readHead } from '../io/files/contents.js';
import { canImport, readPromptFile, readTextFile } from '../io/files/packageFiles.js';
import { readTexts } from '../io/sources/readTexts.js';
import { checkPipeline } from '../pipeline/check/check.js';
import { type CheckDeps, promptFrom } from '../pipeline/check/checkDeps.js';
import { type Chain, checkChain, isChainText } from '../pipeline/chain.js';
import { type CheckedLink, checkLinks } from '../pipeline/check/checkLinks.js';
import type { Plan } from '../pipeline/plan.js';
import type { Override } from '../pipeline/document.js';

const DEPS = {
  readText: readPipelineText,
  exists: existsSync,
  canImport,
  readHead,
  contentsHash,
  prompt: readPromptFile,
  texts: readTexts,
} satisfies Omit<CheckDeps, 'env'>;

function readPipelineText(path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new ScaleQuestError('ERR_PIPELINE_READ', (error as Error).message, { cause: error });
  }
}

/** A chain file, checked with every link of it; null for a pipeline file. */
export async function loadChain(
  file: string,
  env: CheckDeps['env'],
): Promise<{ chain: Chain; links: CheckedLink[] } | null> {
  if (!isChainText(readPipelineText(file))) return null;
  const deps = { ...DEPS, env };
  const chain = checkChain(file, deps);
  return { chain, links: await checkLinks(chain, deps) };
}

/** Checks a pipeline file with the overrides of the command line. `isPending`: as in CheckDeps. */
export function loadPlan(
  file: string,
  overrides: readonly Override[],
  env: CheckDeps['env'],
  isPending?: CheckDeps['isPending'],
): Promise<Plan> {
  return checkPipeline(file, { ...DEPS, env, ...(isPending ? { isPending } : {}) }, overrides);
}

export function promptOf(plan: Plan): CheckDeps['prompt'] {
  return promptFrom(plan.folder, DEPS);
}
