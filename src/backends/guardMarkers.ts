import { RowError } from '../errors.js';
import { KNOWN_MARKERS, type Marker } from '../text/markers.js';
import type { Message, ScoreItem } from './model.js';
import type { OpenedModel } from './protocol.js';

/**
 * The same model, but a text of a row that holds a control token is never sent: the row is rejected with ROW_MARKER. Servers
 * tokenize the whole prompt, template and text alike, and most read such a text as the token itself, also in messages. An engine
 * that reads it as text is told by it all the same: see `test/world/plantedVerdicts.test.ts`.
 */
export function guardMarkers(opened: OpenedModel): OpenedModel {
  const { label, markers = KNOWN_MARKERS, complete, choose, score, embed } = opened;

  /** `ask` once no text is refused. */
  async function ask<T>(texts: readonly string[], send: () => Promise<T>): Promise<T> {
    for (const text of texts) {
      const marker = markers.find(text);
      if (marker) throw refused(label, marker);
    }
    return send();
  }

  return {
    ...opened,
    markers,
    ...(complete && { complete: (request) => ask(textsOf(request.message), () => complete(request)) }),
    ...(choose && { choose: (request) => ask(textsOf(request.message), () => choose(request)) }),
    ...(score && { score: (request) => ask(request.items.flatMap(itemTexts), () => score(request)) }),
    ...(embed && { embed: (request) => ask(request.texts, () => embed(request)) }),
  };
}

function textsOf(message: Message): string[] {
  if (message.kind === 'user') return [message.text];
  return message.kind === 'chat' ? message.turns.map(({ content }) => content) : [];
}

/** A template may write both without anything between them, so that a marker could be cut in two. */
function itemTexts({ user, assistant }: ScoreItem): string[] {
  return assistant === null ? [user] : [user, assistant, user + assistant];
}

function refused(label: string, { text, at }: Marker): RowError {
  return new RowError(
    'ROW_MARKER',
    `${label}: at character ${at} the text to send holds ${JSON.stringify(text)}, expected no control tokens: a tokenizer ` +
      'reads it as the end or the start of a message',
  );
}
