import { PipelineProblems, ScaleQuestError } from '../errors.js';

/**
 * Keeps keys out of texts. A server or a program may quote a key that it was given: in an error, in a redirect, in its log.
 * Such texts pass through here on their way into messages, tables and logs.
 */

/** Users give servers without a key `EMPTY` or the like. That is no secret, and any text may contain it. */
const KEY_CHARS_MIN = 8;

/** Replaces a key in a text, also where a URL or JSON spells it with escapes. Without a key it leaves every text as it is. */
export function keyRedactor(
  apiKey: string | undefined,
  instead = '[key]',
  charsMin = KEY_CHARS_MIN,
): (text: string) => string {
  if (apiKey === undefined || apiKey.length < charsMin) return (text) => text;
  // Most keys are spelled alike in all of them: one search is enough.
  const spelled = [
    apiKey,
    encodeURIComponent(apiKey),
    encodeURI(apiKey),
    JSON.stringify(apiKey).slice(1, -1),
  ];
  const forms = [...new Set(spelled)];
  return (text) => forms.reduce((clean, form) => clean.replaceAll(form, () => instead), text);
}

/** Settles as `work` does; an error comes without the key. */
export async function withRedactedErrors<T>(work: Promise<T>, redact: (text: string) => string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw redactError(error, redact);
  }
}

/** Changes the error itself, so that its class, code and position stay. The same happens to its causes. */
export function redactError(error: unknown, redact: (text: string) => string): unknown {
  if (!(error instanceof Error)) return error;
  error.message = redact(error.message);
  if (error.stack !== undefined) error.stack = redact(error.stack);
  if (error instanceof ScaleQuestError) {
    for (const [name, value] of Object.entries(error.data)) {
      if (typeof value === 'string') error.data[name] = redact(value);
    }
  }
  if (error instanceof PipelineProblems) for (const each of error.problems) redactError(each, redact);
  if (error.cause !== undefined) error.cause = redactError(error.cause, redact);
  return error;
}
