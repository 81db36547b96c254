import { RowError, ScaleQuestError } from '../../errors.js';
import type { Choice, Model } from '../model.js';

/**
 * A server may quote the key that it was sent: in an error, in a redirect, in its log, in a reply. This is the one place
 * where all of that passes on its way into messages, tables, logs and data sets.
 */

/** Servers without a key of their own are given `EMPTY` or the like, which is no secret and may stand in any text. */
const KEY_CHARS_MIN = 8;

/** Takes a key out of texts, also where it is written as in a url or in JSON; leaves all as it is where there is no key. */
export function keyRemover(
  apiKey: string | undefined,
  instead = '[key]',
  charsMin = KEY_CHARS_MIN,
): (text: string) => string {
  if (apiKey === undefined || apiKey.length < charsMin) return (text) => text;
  const forms = [apiKey, encodeURIComponent(apiKey), encodeURI(apiKey), JSON.stringify(apiKey).slice(1, -1)];
  return (text) => forms.reduce((clean, form) => clean.replaceAll(form, () => instead), text);
}

/** The same model: none of its errors holds the key, and a reply that does is lost with its row. */
export function guardKey(model: Model, apiKey: string | undefined): Model {
  if (apiKey === undefined) return model;
  const remove = keyRemover(apiKey);
  return {
    ...model,
    complete: (request) =>
      cleaned(model.complete(request), remove).then((choices) => checkChoices(model.name, choices, remove)),
    choose: (request) => cleaned(model.choose(request), remove),
    score: (request) => cleaned(model.score(request), remove),
    embed: (request) => cleaned(model.embed(request), remove),
  };
}

/** What `work` gives, or its error without the key. */
export async function cleaned<T>(work: Promise<T>, remove: (text: string) => string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw cleanError(error, remove);
  }
}

/** In place: class, code and position stay. Causes go, if they hold the key. */
function cleanError(error: unknown, remove: (text: string) => string): unknown {
  if (!(error instanceof Error)) return error;
  error.message = remove(error.message);
  if (error.stack !== undefined) error.stack = remove(error.stack);
  if (error instanceof ScaleQuestError) {
    for (const [name, value] of Object.entries(error.data)) {
      if (typeof value === 'string') error.data[name] = remove(value);
    }
  }
  if (error.cause !== undefined) error.cause = cleanError(error.cause, remove);
  return error;
}

function checkChoices(name: string, choices: readonly Choice[], remove: (text: string) => string): Choice[] {
  if (choices.every(({ text }) => remove(text) === text)) return [...choices];
  throw new RowError('ROW_REPLY_INVALID', `model ${name} wrote the key that it was sent into its reply`);
}
