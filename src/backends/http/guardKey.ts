import { RowError } from '../../errors.js';
import { keyRedactor, withRedactedErrors } from '../../text/redactKey.js';
import { pieceTeller } from '../pieceTeller.js';
import type { Choice, Model, ReplyStream } from '../model.js';

/** The same model, but its errors never contain the key, and a reply that contains the key is lost with its row. */
export function guardKey(model: Model, apiKey: string | undefined): Model {
  if (apiKey === undefined) return model;
  const redact = keyRedactor(apiKey);
  const withoutKey = <T>(work: Promise<T>): Promise<T> => withRedactedErrors(work, redact);
  return {
    ...model,
    complete: (request) => {
      const asked = request.stream ? { ...request, stream: guardStream(request.stream, apiKey) } : request;
      return withoutKey(model.complete(asked)).then((choices) => checkChoices(model.name, choices, redact));
    },
    choose: (request) => withoutKey(model.choose(request)),
    score: (request) => withoutKey(model.score(request)),
    embed: (request) => withoutKey(model.embed(request)),
    execute: (request) => withoutKey(model.execute(request)),
  };
}

/** Whoever looks on is shown no part of the key, and nothing behind it: the reply is lost. */
function guardStream(stream: ReplyStream, apiKey: string): ReplyStream {
  let tell = pieceTeller(stream, [apiKey]);
  return {
    begins() {
      tell = pieceTeller(stream, [apiKey]);
      stream.begins();
    },
    wrote: (text) => tell(text),
  };
}

function checkChoices(name: string, choices: readonly Choice[], redact: (text: string) => string): Choice[] {
  if (choices.every(({ text }) => redact(text) === text)) return [...choices];
  throw new RowError('ROW_REPLY_INVALID', `model ${name} wrote the key that it was sent into its reply`, {
    mayDiffer: true,
  });
}
