import { resolve } from 'node:path';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { type ChatTemplate, readChatTemplate, userMessageTextOf } from './chatTemplate.js';
import type { Message, PromptWrapper } from '../model.js';
import { type WriteDialogue, chatDialogue, writtenDialogue } from './dialogue.js';
import type { Markers } from '../../text/markers.js';
import { MARKER, templateMarkers } from './templateMarkers.js';

/**
 * A piece of a prompt. `special`: a marker of the template, which an engine must map to the model's own special token;
 * everything else, and so every word of a row, is plain text even where it spells a marker.
 */
export interface PromptPart {
  text: string;
  special: boolean;
}

export interface Template {
  /** The whole prompt of a pre-query: everything up to the first word of a user message. */
  preQuery: string;
  /** The whole prompt of a user message, up to the assistant's opening. */
  user(text: string): string;
  /** Strings that end a completion. */
  stop: readonly string[];
  /** The begin-of-sequence marker that every prompt starts with; empty if none does, or it is not known to be one. */
  bos: string;
  promptWrapper: PromptWrapper;
  /** What the text of a row must not hold. */
  markers: Markers;
  promptParts(message: Message): PromptPart[];
  promptText(message: Message): string;
}

interface TemplateText {
  preQuery: string;
  /** Holds `{{ user }}` once. */
  user: string;
  stop: string[];
  /** The marker that `preQuery` begins with and that a tokeniser also adds by itself. */
  bos?: string;
  /** Ends a question in training, where no marker follows a user's text. */
  questionEnd?: string;
  /** `preQuery` with a system message; holds `{{ system }}` once. */
  system?: string | undefined;
  /** Stands between a reply and the next text of the user. */
  turn?: string | undefined;
}

const QWEN2_MATH_PRE_QUERY = '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n';
const CHATML_TURNS = {
  system: '<|im_start|>system\n{{ system }}<|im_end|>\n<|im_start|>user\n',
  turn: '<|im_end|>\n<|im_start|>user\n',
};
const CHATML_STOP = ['<|im_start|>', '<|im_end|>', '<|endoftext|>'];

/**
 * As published with the models (Qwen2-Math, DeepSeekMath) and used by ScaleQuest. The words "reason step by step" are
 * not here: they belong to the prompt of the step that wants them.
 */
const TEMPLATES = {
  'qwen2-math': {
    preQuery: QWEN2_MATH_PRE_QUERY,
    user: `${QWEN2_MATH_PRE_QUERY}{{ user }}<|im_end|>\n<|im_start|>assistant\n`,
    stop: CHATML_STOP,
    ...CHATML_TURNS,
  },
  chatml: {
    preQuery: '<|im_start|>user\n',
    user: '<|im_start|>user\n{{ user }}<|im_end|>\n<|im_start|>assistant\n',
    stop: CHATML_STOP,
    ...CHATML_TURNS,
  },
  'deepseek-math': {
    preQuery: '<｜begin▁of▁sentence｜>User: ',
    user: '<｜begin▁of▁sentence｜>User: {{ user }}\n\nAssistant:',
    stop: ['<｜begin▁of▁sentence｜>', '<｜end▁of▁sentence｜>'],
    bos: '<｜begin▁of▁sentence｜>',
    questionEnd: '\n\n<｜end▁of▁sentence｜>',
    turn: '<｜end▁of▁sentence｜>User: ',
  },
} satisfies Record<string, TemplateText>;

export type TemplateName = keyof typeof TEMPLATES;

export const templateNames = Object.keys(TEMPLATES) as [TemplateName, ...TemplateName[]];

/** Where the row's text goes. */
const USER_SLOT = /\{\{ *user *\}\}/g;
const SYSTEM_SLOT = /\{\{ *system *\}\}/g;

const inlineTemplate = z.strictObject({
  preQuery: z
    .string()
    .min(1)
    .describe(
      'The prompt up to the first word of a user message, markers spelled out; the model goes on from it.',
    ),
  user: z
    .string()
    .refine((text) => text.match(USER_SLOT)?.length === 1, 'expected {{ user }} in it, exactly once')
    .describe('The prompt of a whole user message, with {{ user }}, up to where the assistant begins.'),
  stop: z
    .array(z.string().min(1))
    .min(1)
    .max(16)
    .describe('Strings that end a completion: the markers that close a message.'),
  system: z
    .string()
    .refine((text) => text.match(SYSTEM_SLOT)?.length === 1, 'expected {{ system }} in it, exactly once')
    .optional()
    .describe(
      'What stands in place of `preQuery` where there is a system message, with {{ system }}; it goes before the user’s text if absent.',
    ),
  turn: z
    .string()
    .min(1)
    .optional()
    .describe('What stands between a reply and the next text of the user, for dialogues of several turns.'),
});

/** The template of the model itself. */
export const tokenizerTemplate = z.strictObject({
  tokenizer: z
    .string()
    .min(1)
    .describe(
      'The model’s tokenizer_config.json, or its folder; its chat_template is used, or chat_template.jinja beside it. A ' +
        'relative path starts at the pipeline file’s folder.',
    ),
});

export const templateSchema = z
  .union([z.enum(templateNames), inlineTemplate, tokenizerTemplate], {
    // The union's own message would list the complaints of every branch. Only those about an object are worth reading.
    error: ({ input }) =>
      input !== null && typeof input === 'object'
        ? describeInline(input)
        : `expected ${templateNames.join(', ')}, an object with preQuery, user and stop, or { tokenizer: path }`,
  })
  .describe(
    `How the model writes a dialogue: ${templateNames.join(', ')}, an object with preQuery, user and stop, or ` +
      '{ tokenizer: path } with the path of its tokenizer_config.json. ' +
      'It must be the one that the model was trained with: a wrong one gives empty, looping or alike replies.',
  );

export type TemplateConfig = z.output<typeof templateSchema>;

/** The `template` of a model that writes text. */
export const promptTemplate = templateSchema.default('qwen2-math');

/** The path of a template that is read from a tokenizer's file. */
export function tokenizerOf(template: unknown): string | undefined {
  if (typeof template !== 'object' || template === null || !('tokenizer' in template)) return undefined;
  return template.tokenizer as string;
}

/** The same template; a relative path in it starts at `folder`. */
export function templateAt<Template>(template: Template, folder: string): Template {
  const path = tokenizerOf(template);
  return path === undefined ? template : ({ tokenizer: resolve(folder, path) } as Template);
}

function describeInline(input: unknown): string {
  const schema = 'tokenizer' in (input as object) ? tokenizerTemplate : inlineTemplate;
  const issues = schema.safeParse(input).error?.issues ?? [];
  return issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ');
}

/** The prompts of a model. Reads a file for `{ tokenizer }`: throws ERR_MODEL_LOAD if that cannot be used. */
export function resolveTemplate(config: TemplateConfig): Template {
  return templateOf(textsOf(config));
}

/** The prompts of a model with this chat template. `path`: the file that holds it. Throws ERR_MODEL_LOAD if it cannot be used. */
export function templateOfChat(chat: ChatTemplate, path: string): Template {
  return templateOf(chatTexts(chat, path));
}

function templateOf(texts: Texts): Template {
  const { preQuery, before, after, stop, bos = '', questionEnd, specialTokens, dialogue } = texts;
  const opening = markerParts(before);
  const closing = markerParts(after);

  function chatParts({ turns, next }: Extract<Message, { kind: 'chat' }>): PromptPart[] {
    const pieces = dialogue(turns, next);
    return joinPlain(
      pieces.flatMap(({ text, isRow }) => (isRow ? [{ text, special: false }] : markerParts(text))),
    );
  }
  function promptParts(message: Message): PromptPart[] {
    if (message.kind === 'preQuery') return joinPlain(markerParts(preQuery));
    if (message.kind === 'chat') return chatParts(message);
    return joinPlain([...opening, { text: message.text, special: false }, ...closing]);
  }
  function promptText(message: Message): string {
    if (message.kind === 'chat')
      return dialogue(message.turns, message.next)
        .map(({ text }) => text)
        .join('');
    return message.kind === 'preQuery' ? preQuery : before + message.text + after;
  }
  return {
    preQuery,
    user: (text) => promptText({ kind: 'user', text }),
    ...{ stop, bos: preQuery.startsWith(bos) ? bos : '' },
    promptWrapper: {
      opening: preQuery.startsWith(bos) ? preQuery.slice(bos.length) : preQuery,
      end: questionEnd ?? throughFirstMarker(closing),
    },
    markers: templateMarkers({ forms: [[before, after], [preQuery]], stop, specialTokens }),
    promptParts,
    promptText,
  };
}

/** Empty if there is no marker. */
function throughFirstMarker(parts: readonly PromptPart[]): string {
  const marker = parts.findIndex(({ special }) => special);
  return parts
    .slice(0, marker + 1)
    .map(({ text }) => text)
    .join('');
}

interface Texts {
  preQuery: string;
  /** The prompt of a whole user message, before and after its text. */
  before: string;
  after: string;
  stop: readonly string[];
  bos?: string | undefined;
  questionEnd?: string | undefined;
  specialTokens?: readonly string[];
  dialogue: WriteDialogue;
}

function textsOf(config: TemplateConfig): Texts {
  if (typeof config === 'object' && 'tokenizer' in config) {
    return chatTexts(readChatTemplate(config.tokenizer), config.tokenizer);
  }
  const written: TemplateText = typeof config === 'string' ? TEMPLATES[config] : config;
  const { preQuery, user, stop, bos, questionEnd, system, turn } = written;
  // Not `replace`: in a replacement string, `$&` and the like in a row's text would be read as patterns.
  const [before, after] = user.split(USER_SLOT) as [string, string];
  const dialogue = writtenDialogue({ preQuery, before, after, system: system?.split(SYSTEM_SLOT), turn });
  return { preQuery, before, after, stop, bos, questionEnd, dialogue };
}

/** Stops at the end-of-sequence token, and at the markers that stand after a user's text: they end or open a message. */
function chatTexts(chat: ChatTemplate, path: string): Texts {
  const { before, after } = userMessageTextOf(chat, path);
  const markers = markerParts(after).flatMap(({ text, special }) => (special ? [text] : []));
  const stop = [...new Set([...markers, ...(chat.eos ? [chat.eos] : [])])];
  const questionEnd = markers.length > 0 ? undefined : chat.eos;
  const { bos, specialTokens } = chat;
  const dialogue = chatDialogue(chat, path);
  if (stop.length > 0)
    return { preQuery: before, before, after, stop, bos, questionEnd, specialTokens, dialogue };
  throw new ScaleQuestError(
    'ERR_MODEL_LOAD',
    `${path} names no eos_token and has no marker after a user’s text, so nothing would end a completion`,
  );
}

function markerParts(text: string): PromptPart[] {
  return text
    .split(MARKER)
    .map((part, at) => ({ text: part, special: at % 2 === 1 }))
    .filter((part) => part.text !== '');
}

/** Plain neighbours become one part: a tokeniser must see `User: ` and the question as the one text they were in training. */
function joinPlain(parts: readonly PromptPart[]): PromptPart[] {
  const joined: PromptPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last && !last.special && !part.special)
      joined[joined.length - 1] = { text: last.text + part.text, special: false };
    else if (part.text !== '') joined.push(part);
  }
  return joined;
}
