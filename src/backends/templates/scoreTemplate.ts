import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { readChatTemplate } from './chatTemplate.js';
import type { ScoreItem } from '../model.js';
import type { Markers } from '../../text/markers.js';
import { tokenizerTemplate } from './template.js';
import { templateMarkers } from './templateMarkers.js';

/** How a question and its response become the one text that a reward model reads. */
export interface ScoreTemplate {
  /** Throws ERR_PIPELINE_MODEL for a question alone where the template has no form for it. */
  render(item: ScoreItem): string;
  /** What the text of a row must not hold. */
  markers: Markers;
}

interface TemplateText {
  /** Holds `{{ user }}` and `{{ assistant }}` once each. */
  pair: string;
  /** The text of a question alone; holds `{{ user }}` once. */
  user?: string | undefined;
}

const CHATML_USER = '<|im_start|>user\n{{ user }}<|im_end|>\n';
const CHATML_PAIR = `${CHATML_USER}<|im_start|>assistant\n{{ assistant }}<|im_end|>\n`;
const QWEN_SYSTEM = '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n';

/**
 * Both messages are closed, as chat templates write a dialogue without a generation prompt. Nothing follows, except for
 * InternLM2's reward models: they were trained to give the reward at one token more, `<|reward|>` (id 92527, `reward_token_id` in
 * huggingface.co/internlm/internlm2-7b-reward config.json and tokenizer_config.json; XTuner docs, "preference dataset";
 * allenai/reward-bench rewardbench/models/internlm.py appends it). Their `<s>` is the server's affair.
 */
const TEMPLATES = {
  chatml: { pair: CHATML_PAIR, user: CHATML_USER },
  'qwen2-math': { pair: QWEN_SYSTEM + CHATML_PAIR, user: QWEN_SYSTEM + CHATML_USER },
  'internlm2-reward': { pair: `${CHATML_PAIR}<|reward|>`, user: `${CHATML_USER}<|reward|>` },
} satisfies Record<string, TemplateText>;

const names = Object.keys(TEMPLATES) as [keyof typeof TEMPLATES, ...(keyof typeof TEMPLATES)[]];

const SLOT = /\{\{ *(user|assistant) *\}\}/;

function slotsOf(text: string): string {
  return text
    .split(SLOT)
    .filter((_, at) => at % 2 === 1)
    .sort()
    .join(' ');
}

const inlineTemplate = z.strictObject({
  pair: z
    .string()
    .refine(
      (text) => slotsOf(text) === 'assistant user',
      'expected {{ user }} and {{ assistant }} in it, once each',
    )
    .describe('The text of a question and its response, with {{ user }} and {{ assistant }}.'),
  user: z
    .string()
    .refine((text) => slotsOf(text) === 'user', 'expected {{ user }} in it, exactly once')
    .optional()
    .describe('The text of a question alone, with {{ user }}.'),
});

export const scoreTemplateSchema = z
  .union([z.enum(names), inlineTemplate, tokenizerTemplate], {
    error: `expected ${names.join(', ')}, an object with pair (and user), or { tokenizer: path }`,
  })
  .describe(
    'How a question and its response become one text, where the server takes text and not messages: ' +
      `${names.join(', ')}, an object with pair (and user), or { tokenizer: path } with the path of the model’s own ` +
      'tokenizer_config.json. It must be the one that the model was trained with.',
  );

export type ScoreTemplateConfig = z.output<typeof scoreTemplateSchema>;

/** The `template` of a model that scores. */
export const scoreTemplate = scoreTemplateSchema.default('chatml');

/** Whether the template can write a question alone. */
export function hasQuestionForm(config: ScoreTemplateConfig): boolean {
  return !(typeof config === 'object' && 'pair' in config && config.user === undefined);
}

/**
 * Reads a file for `{ tokenizer }`: throws ERR_MODEL_LOAD if that cannot be used. `specialTokens`: those of the models that the
 * protocol is for.
 */
export function resolveScoreTemplate(
  config: ScoreTemplateConfig,
  specialTokens: readonly string[] = [],
): ScoreTemplate {
  if (typeof config === 'object' && 'tokenizer' in config) {
    const chat = readChatTemplate(config.tokenizer);
    const form = chat.render(messagesOf(SLOTS), false).split(SLOT_TEXTS);
    const markers = templateMarkers({
      forms: [form],
      specialTokens: [...specialTokens, ...chat.specialTokens],
    });
    return { markers, render: (item) => chat.render(messagesOf(item), false) };
  }
  const { pair, user }: TemplateText = typeof config === 'string' ? TEMPLATES[config] : config;
  const pairParts = pair.split(SLOT);
  const userParts = user?.split(SLOT);
  const forms = [pairParts, userParts ?? []].map((parts) => parts.filter((_, at) => at % 2 === 0));
  return {
    markers: templateMarkers({ forms, specialTokens }),
    render(item) {
      if (item.assistant !== null) return fill(pairParts, item);
      if (userParts) return fill(userParts, item);
      throw new ScaleQuestError(
        'ERR_PIPELINE_MODEL',
        'the template has no form for a question alone; add `user` beside its `pair`',
      );
    },
  };
}

/** Texts that no template holds, to find what stands around them. */
const SLOTS: ScoreItem = { user: 'SCALEQUEST-USER-7043', assistant: 'SCALEQUEST-ASSISTANT-7044' };
const SLOT_TEXTS = /SCALEQUEST-(?:USER-7043|ASSISTANT-7044)/;

/** The dialogue as messages, for servers that have the template themselves. */
export function messagesOf({ user, assistant }: ScoreItem) {
  const asked = { role: 'user' as const, content: user };
  return assistant === null ? [asked] : [asked, { role: 'assistant' as const, content: assistant }];
}

/** `parts`: text, name of a slot, text, … */
function fill(parts: readonly string[], { user, assistant }: ScoreItem): string {
  return parts.map((part, at) => (at % 2 === 0 ? part : part === 'user' ? user : (assistant ?? ''))).join('');
}
