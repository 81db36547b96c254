import { resolve } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { type KeyPath, type PipelineDocument, isRecord, problem } from '../document.js';
import type { CheckDeps } from './checkDeps.js';

/**
 * The options of a step with the contents of the JSON files that its options in `keys` name, in place of their paths. A file that
 * cannot be read is a problem at its key; the options are undefined then.
 */
export function withJsonFiles(
  document: PipelineDocument,
  path: KeyPath,
  input: unknown,
  keys: readonly string[] = [],
  folder: string,
  { readText }: Pick<CheckDeps, 'readText'>,
  problems: ScaleQuestError[],
): unknown {
  if (!isRecord(input)) return input;
  const read: Record<string, unknown> = {};
  let isSound = true;
  for (const key of keys) {
    const given = input[key];
    if (typeof given !== 'string') continue;
    try {
      read[key] = parse(given, readText(resolve(folder, given)));
    } catch (error) {
      if (!(error instanceof ScaleQuestError)) throw error;
      problems.push(problem(error.code, document.at([...path, key]), error.message));
      isSound = false;
    }
  }
  if (!isSound) return undefined;
  return Object.keys(read).length > 0 ? { ...input, ...read } : input;
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ScaleQuestError('ERR_PIPELINE_INVALID', `${file} holds no JSON: ${(error as Error).message}`);
  }
}
