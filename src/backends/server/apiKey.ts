import { ScaleQuestError } from '../../errors.js';

export function keyHeaders(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}

/** What a variable holds, without the line end that a shell leaves; undefined if it is not set. */
export function keyIn(
  env: Readonly<Record<string, string | undefined>>,
  variable: string,
): string | undefined {
  return Object.hasOwn(env, variable) ? env[variable]?.trim() : undefined;
}

/** Throws ERR_MODEL_LOAD if the variable is not set, or holds what no key can be. */
export function readApiKey(
  name: string,
  variable: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (variable === undefined) return undefined;
  const key = keyIn(env, variable);
  if (!key) {
    throw new ScaleQuestError(
      'ERR_MODEL_LOAD',
      `model ${name} takes its key from the environment variable ${variable}, which is not set`,
    );
  }
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new ScaleQuestError(
    'ERR_MODEL_LOAD',
    `the environment variable ${variable} of model ${name} does not hold a key: it has spaces or other characters ` +
      'that no key has',
  );
}
