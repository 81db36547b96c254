import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ErrorCode } from '../../../src/errors.js';
import { PIPELINES_FOLDER, problemsOf } from '../runs/pipelineWorld.js';

/** Pipeline files with one mistake each, and what the check must say about it. */

/** A file whose `steps` begin in line 5; `tiny` is the bundled model, `chat` a server that takes messages alone. */
export function withSteps(...steps: string[]): string {
  return [
    'name: broken',
    'limit: 8',
    `models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } }, ${CHAT} }`,
    'steps:',
    ...steps.map((step) => `  - ${step}`),
    '',
  ].join('\n');
}

const CHAT = 'chat: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: m, protocol: chat } }';
export const GENERATE = 'generate: { generators: [{ model: tiny }] }';

/** The same with other lines at the top and one sound step. */
export function withTop(...lines: string[]): string {
  return [
    ...lines,
    `models: { tiny: { llamaCpp: { path: ../models/tiny.gguf } } }`,
    `steps: [{ ${GENERATE} }]`,
    '',
  ].join('\n');
}

export function withModels(...lines: string[]): string {
  return [
    'name: broken',
    'limit: 8',
    'models:',
    ...lines.map((line) => `  ${line}`),
    `steps: [{ deduplicate: {} }]`,
    '',
  ].join('\n');
}

type Found = [code: ErrorCode, place: string, key: string | undefined, message: RegExp];

export type CheckCase = [why: string, text: string, ...found: Found[]];

/** A test's name and function for each case: the check finds exactly these mistakes, each with its code, place, key and message. */
export function testsOf(cases: readonly CheckCase[]): [name: string, check: () => Promise<void>][] {
  return cases.map((checkCase) => {
    const [why, , ...expected] = checkCase;
    const name = `${why}: ${expected.map(([code, place]) => `${code} at ${place}`).join(', ')}`;
    return [name, () => checkMistakes(checkCase)];
  });
}

async function checkMistakes([, text, ...expected]: CheckCase): Promise<void> {
  const problems = await problemsOf(text);
  assert.deepEqual(
    problems.map(({ code, at }) => [code, `${at!.line}:${at!.column}`, at!.key]),
    expected.map(([code, place, key]) => [code, place, key]),
    problems.map(({ message }) => message).join('\n'),
  );
  const file = join(PIPELINES_FOLDER, 'test.yaml');
  for (const [at, [, place, key, message]] of expected.entries()) {
    assert.match(problems[at]!.message, message);
    assert.ok(problems[at]!.message.startsWith(`${file}:${place}${key ? ` ${key}` : ''}: `));
  }
}
