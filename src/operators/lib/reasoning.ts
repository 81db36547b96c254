import { z } from 'zod';
import type { Choice, CompleteRequest, Model } from '../../backends/model.js';
import { ScaleQuestError } from '../../errors.js';
import type { ModelNeed } from './operator.js';
import { type SplitReply, thoughtSplitter } from '../../text/afterThought.js';

/** Takes the thought of a choice from its answer. */
export type TakeThought = (choice: Choice) => SplitReply;

/** The options of each step that asks for thoughts: how they are found, and how long they may be. */
export const thoughtOptions = {
  reasoningFrom: z
    .enum(['any', 'server', 'marks'])
    .default('any')
    .describe(
      'Where a thought is looked for: in what the `server` gives apart (`reasoning_content`, `reasoning`, `thinking` blocks), ' +
        'between `marks` in the text (`<think>…</think>`, channels and others: docs/answers.md), or in both.',
    ),
  thoughtMarks: z
    .tuple([z.string().min(1), z.string().min(1)])
    .refine(([open, close]) => open !== close, 'expected two marks that differ')
    .optional()
    .describe(
      'What opens and closes a thought, beside the marks that are known, as ["<scratch>", "</scratch>"].',
    ),
  thinkingTokensMax: z
    .int()
    .min(1)
    .optional()
    .describe(
      'The most tokens of thought, where the model’s server bounds them (`thinkingBudget` of openai; anthropic): the thought ' +
        'then ends, and the answer follows. It counts towards tokensMax.',
    ),
};

/** The options that say where thoughts are. */
export interface ThoughtPlaces {
  reasoningFrom: 'any' | 'server' | 'marks';
  thoughtMarks?: readonly [open: string, close: string] | undefined;
}

/**
 * How a step reads thoughts. The same reply gives the same thought and answer whether a server's parser took them apart or not.
 * Where both places have one (`deepseek-legacy` of llama.cpp), the server's counts, and what else the text says of it follows.
 */
export function thoughtTaker({ reasoningFrom, thoughtMarks }: ThoughtPlaces): TakeThought {
  const [open, close] = thoughtMarks ?? [];
  const split = thoughtSplitter(open && close ? { open, close } : undefined);
  const ofServer = ({ reasoning = '' }: Choice): string => withoutMarks(split, reasoning);
  if (reasoningFrom === 'marks') return ({ text }) => trimmed(split(text));
  if (reasoningFrom === 'server') {
    return (choice) => ({ thought: ofServer(choice), answer: choice.text.trim() });
  }
  return (choice) => {
    const { thought, answer } = trimmed(split(choice.text));
    const apart = ofServer(choice);
    const parts = apart === thought ? [apart] : [apart, thought];
    return { thought: parts.filter((part) => part !== '').join('\n\n'), answer };
  };
}

function trimmed({ thought, answer }: SplitReply): SplitReply {
  return { thought, answer: answer.trim() };
}

/** Some parsers leave the opening or the closing mark in what they take out. */
function withoutMarks(split: (text: string) => SplitReply, reasoning: string): string {
  const { thought, answer } = split(reasoning);
  return [thought, answer.trim()].filter((part) => part !== '').join('\n\n');
}

/** What a step with `thinkingTokensMax` needs of its model. */
export function boundThought(model: string, thinkingTokensMax: number | undefined): ModelNeed[] {
  return thinkingTokensMax === undefined ? [] : [{ model, needs: 'boundThought', at: ['thinkingTokensMax'] }];
}

/** The request with its bound. Throws ERR_PIPELINE_MODEL for a model whose server has none: nothing would bound the thought. */
export function withBound(
  model: Model,
  request: CompleteRequest,
  thinkingTokensMax: number | undefined,
): CompleteRequest {
  if (thinkingTokensMax === undefined) return request;
  if (model.can.boundThought) return { ...request, thinkingTokensMax };
  throw new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `${model.name} has no server that is known to bound a thought; expected \`thinkingBudget\` in its options, or no ` +
      '`thinkingTokensMax`',
  );
}
