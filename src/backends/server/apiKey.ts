import { ScaleQuestError } from '../../errors.js';

export function keyHeaders(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}

/** Throws ERR_MODEL_LOAD if the variable is not set, or holds what no key can be. */
export function readApiKey(
  name: string,
  variable: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (variable === undefined) return undefined;
  const key = env[variable]?.trim();
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
