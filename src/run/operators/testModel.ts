import type {
  ChooseRequest,
  CompleteRequest,
  EmbedRequest,
  Model,
  ScoreRequest,
} from '../../backends/model.js';
import { ScaleQuestError } from '../../errors.js';

/** What a model replies in a test of an operator: the same to the same request, whatever came before. */
export interface TestReplies {
  /** The replies to a text (empty for the bare opening of a user message): one, or as many as `request.n`. */
  complete?: (text: string, request: CompleteRequest) => string | readonly string[];
  /** The probability of each reply. */
  choose?: (text: string, replies: readonly string[]) => readonly number[];
  /** A number an item. */
  score?: (items: ScoreRequest['items']) => readonly number[];
  /** A vector a text. */
  embed?: (texts: readonly string[]) => readonly (readonly number[])[];
}

/** A model whose replies are functions. Later rows of a batch are answered before earlier ones, as servers may. */
export function testModel(name: string, replies: TestReplies): Model {
  function replyOf<Kind extends keyof TestReplies>(kind: Kind): NonNullable<TestReplies[Kind]> {
    const reply = replies[kind];
    if (reply) return reply;
    const message = `the operator asks the model ${name} to ${kind}, for which the test has no reply; give \`models.${name}.${kind}\``;
    throw new ScaleQuestError('ERR_OPERATOR_CONTRACT', message);
  }
  return {
    name,
    can: { preQuery: true, choose: true, score: true, embed: true },
    async complete(request: CompleteRequest) {
      await later(request.seq);
      const given = replyOf('complete')(textOf(request), request);
      const texts = typeof given === 'string' ? Array<string>(request.n).fill(given) : given;
      return texts.map((text) => ({ text, finish: 'stop' as const, tokens: text.split(' ').length }));
    },
    async choose(request: ChooseRequest) {
      await later(request.seq);
      return [...replyOf('choose')(textOf(request), request.options)];
    },
    async score({ seq, items }: ScoreRequest) {
      await later(seq);
      return [...replyOf('score')(items)];
    },
    async embed({ seq, texts }: EmbedRequest) {
      await later(seq);
      return replyOf('embed')(texts).map((vector) => [...vector]);
    },
    execute: async () => {
      throw new ScaleQuestError('ERR_OPERATOR_CONTRACT', `the model ${name} of a test runs no program`);
    },
    stats: () => ({
      ...{ requests: 0, retries: 0, failures: 0, inFlight: 0, queued: 0 },
      ...{ promptTokens: 0, completionTokens: 0, memoryPeakBytes: 0 },
    }),
    close: async () => {},
  };
}

async function later(seq: number): Promise<void> {
  for (let turns = 3 - (seq % 4); turns > 0; turns--) await Promise.resolve();
}

function textOf({ message }: Pick<CompleteRequest, 'message'>): string {
  if (message.kind === 'chat') return message.turns.at(-1)?.content ?? '';
  return message.kind === 'user' ? message.text : '';
}
