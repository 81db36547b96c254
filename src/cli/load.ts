import { existsSync } from 'node:fs';
import { ScaleQuestError } from '../errors.js';
import { contentsHash, readHead } from '../io/contents.js';
import { readPromptFile, readTextFile } from '../io/packageFiles.js';
import { readTexts } from '../io/texts.js';
import { type CheckDeps, checkPipeline, promptFrom } from '../pipeline/check.js';
import { type Chain, checkChain, isChainText } from '../pipeline/chain.js';
import { type CheckedLink, checkLinks } from '../pipeline/checkLinks.js';
import type { Plan } from '../pipeline/plan.js';
import type { Override } from '../pipeline/document.js';

const DEPS: CheckDeps = {
  env: process.env,
  readText: readPipelineText,
  exists: existsSync,
  readHead,
  contentsHash,
  prompt: readPromptFile,
  texts: readTexts,
};

function readPipelineText(path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new ScaleQuestError('ERR_PIPELINE_READ', (error as Error).message, { cause: error });
  }
}

/** A chain file, checked with every link of it; null for a pipeline file. */
export async function loadChain(file: string): Promise<{ chain: Chain; links: CheckedLink[] } | null> {
  if (!isChainText(readPipelineText(file))) return null;
  const chain = checkChain(file, DEPS);
  return { chain, links: await checkLinks(chain, DEPS) };
}

/** Checks a pipeline file with the overrides of the command line. `isPending`: as in CheckDeps. */
export function loadPlan(
  file: string,
  overrides: readonly Override[],
  isPending?: CheckDeps['isPending'],
): Promise<Plan> {
  return checkPipeline(file, isPending ? { ...DEPS, isPending } : DEPS, overrides);
}

export function promptOf(plan: Plan): CheckDeps['prompt'] {
  return promptFrom(plan.folder, DEPS);
}
