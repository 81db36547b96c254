import type { Message, Model } from '../../backends/model.js';

/** A call of a model about a row: what it was asked, and what it replied. */
export interface ModelCall {
  /** The name of the model in the pipeline file. */
  model: string;
  /** `complete`: write; `choose`: probabilities of given replies; `score` and `embed`: numbers for texts; `execute`: a program run. */
  kind: 'complete' | 'choose' | 'score' | 'embed' | 'execute';
  /** The texts that were sent, before the chat template of the model; null for the bare opening of a user turn. */
  prompts: (string | null)[];
  /** How it was asked: n, temperature, the options of a choice, and the like. */
  settings: Record<string, unknown>;
  /** What the model wrote, or its numbers; null where the store has no reply. */
  replies: unknown[] | null;
}

/** Hands each call on, and notes it with its reply. Vectors are noted by their length. */
export function recordCalls(model: Model, onCall: (call: ModelCall) => void): Model {
  async function note<T extends readonly unknown[]>(
    call: Omit<ModelCall, 'model' | 'replies'>,
    answer: () => Promise<T>,
    shown: (replies: T) => unknown[] = (replies) => [...replies],
  ): Promise<T> {
    const noted: ModelCall = { model: model.name, ...call, replies: null };
    onCall(noted);
    const replies = await answer();
    noted.replies = shown(replies);
    return replies;
  }

  return {
    ...model,
    complete: ({ seq, message, ...settings }) =>
      note({ kind: 'complete', prompts: [textOf(message)], settings }, () =>
        model.complete({ seq, message, ...settings }),
      ),
    choose: ({ seq, message, options }) =>
      note({ kind: 'choose', prompts: [textOf(message)], settings: { options } }, () =>
        model.choose({ seq, message, options }),
      ),
    score: (request) =>
      note(
        {
          kind: 'score',
          prompts: request.items.flatMap(({ user, assistant }) =>
            assistant === null ? [user] : [user, assistant],
          ),
          settings: {},
        },
        () => model.score(request),
      ),
    embed: (request) =>
      note(
        { kind: 'embed', prompts: [...request.texts], settings: {} },
        () => model.embed(request),
        (vectors) => vectors.map(({ length }) => `a vector of ${length} numbers`),
      ),
    execute: (request) => {
      const { program, language, tests, cpuSeconds, memoryMiB } = request;
      const settings = { language, tests, cpuSeconds, memoryMiB };
      return note({ kind: 'execute', prompts: [program], settings }, () => model.execute(request));
    },
  };
}

function textOf(message: Message): string | null {
  if (message.kind === 'user') return message.text;
  if (message.kind === 'preQuery') return null;
  return message.turns.map(({ role, content }) => `${role}: ${content}`).join('\n\n');
}
