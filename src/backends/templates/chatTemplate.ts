import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';

/**
 * A model's own chat template, as Hugging Face keeps it: `chat_template` of tokenizer_config.json (a text, or a list of
 * named ones of which `default` counts), or chat_template.jinja beside it, which goes before
 * (https://huggingface.co/docs/transformers/chat_templating).
 */
export interface ChatTemplate {
  render(messages: readonly ChatMessage[], addGenerationPrompt: boolean): string;
  /** The tokens that begin and end a text; undefined if the tokenizer names none. */
  bos: string | undefined;
  eos: string | undefined;
  /** All special tokens that the tokenizer's file names, as text. */
  specialTokens: readonly string[];
}

export interface ChatMessage {
  role: string;
  content: string;
}

/** Special tokens are texts, or objects around one. */
const token = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);

const configSchema = z.looseObject({
  chat_template: z
    .union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])
    .nullish(),
  bos_token: token.nullish(),
  eos_token: token.nullish(),
  unk_token: token.nullish(),
  pad_token: token.nullish(),
  additional_special_tokens: z.array(token).nullish().catch(undefined),
  extra_special_tokens: z
    .union([z.array(token), z.record(z.string(), token).transform((named) => Object.values(named))])
    .nullish()
    .catch(undefined),
  // Added tokens that are not special, such as `<think>`, are text that models write and read.
  added_tokens_decoder: z
    .record(z.string(), z.looseObject({ content: z.string(), special: z.boolean().optional() }))
    .nullish()
    .catch(undefined),
});

/** Some templates print today's date, which would change the prompts every day. Llama 3.1's template falls back to this date. */
const DATE = '26 Jul 2024';

/** `path`: a tokenizer_config.json, or the folder that it is in. Throws ERR_MODEL_LOAD. */
export function readChatTemplate(path: string): ChatTemplate {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'tokenizer_config.json') : path;
  const { chat_template: written, ...config } = parseConfig(file);
  const beside = join(dirname(file), 'chat_template.jinja');
  const named =
    typeof written === 'string' ? written : written?.find(({ name }) => name === 'default')?.template;
  const text = existsSync(beside) ? readFileSync(beside, 'utf8') : named;
  if (!text)
    throw unusable(file, 'has no chat_template; write the template out in the pipeline file instead');
  return chatTemplate(file, text, {
    bos: config.bos_token ?? undefined,
    eos: config.eos_token ?? undefined,
    unk: config.unk_token ?? undefined,
    pad: config.pad_token ?? undefined,
    specialTokens: specialTokensOf(config),
  });
}

interface TemplateTokens extends Pick<ChatTemplate, 'bos' | 'eos' | 'specialTokens'> {
  unk?: string | undefined;
  pad?: string | undefined;
}

/** A chat template in Jinja, with the tokens that it may name. `file`: where it stands, for messages. Throws ERR_MODEL_LOAD. */
export function chatTemplate(
  file: string,
  text: string,
  { bos, eos, unk = '', pad = '', specialTokens }: TemplateTokens,
): ChatTemplate {
  const template = compile(file, text);
  const tokens = { bos_token: bos ?? '', eos_token: eos ?? '', unk_token: unk, pad_token: pad };
  return {
    ...{ bos, eos, specialTokens },
    render(messages, addGenerationPrompt) {
      try {
        return template.render({
          ...{ ...tokens, messages, add_generation_prompt: addGenerationPrompt, date_string: DATE },
        });
      } catch (error) {
        throw unusable(file, `has a chat_template that cannot be rendered: ${(error as Error).message}`);
      }
    },
  };
}

function specialTokensOf(config: Omit<z.output<typeof configSchema>, 'chat_template'>): string[] {
  const { bos_token, eos_token, unk_token, pad_token, additional_special_tokens, extra_special_tokens } =
    config;
  const added = Object.values(config.added_tokens_decoder ?? {}).filter(({ special }) => special);
  const named = [
    ...[bos_token, eos_token, unk_token, pad_token],
    ...[additional_special_tokens, extra_special_tokens].flatMap((tokens) => tokens ?? []),
    ...added.map(({ content }) => content),
  ];
  return named.filter((each) => each != null);
}

function parseConfig(file: string): z.output<typeof configSchema> {
  try {
    return configSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw unusable(file, `is no tokenizer_config.json that can be read: ${(error as Error).message}`);
  }
}

function compile(file: string, text: string): Template {
  try {
    // As transformers compiles them.
    return new Template(text);
  } catch (error) {
    throw unusable(file, `has a chat_template that is not Jinja: ${(error as Error).message}`);
  }
}

/** The text around the content of one user message, up to where the assistant begins. */
export interface UserMessageText {
  before: string;
  after: string;
}

/** Two contents, in case the template itself contains one of them. The second has characters that escaping would change. */
const SENTINELS = ['SCALEQUEST-CONTENT-7041', 'SCALEQUEST "7042" <b> & {{ user }} \\n é\n\nCONTENT'] as const;

/** Throws ERR_MODEL_LOAD if the template does not keep the content as it is (spaces around it apart), exactly once. */
export function userMessageTextOf(chat: ChatTemplate, path: string): UserMessageText {
  const [first, second] = SENTINELS.map((content) => {
    const parts = chat.render([{ role: 'user', content }], true).split(content);
    return parts.length === 2 ? { before: parts[0]!, after: parts[1]! } : null;
  });
  if (first && second && first.before === second.before && first.after === second.after) return first;
  throw unusable(path, 'has a chat_template that does not keep the user’s text as it is, exactly once');
}

function unusable(file: string, what: string): ScaleQuestError {
  return new ScaleQuestError('ERR_MODEL_LOAD', `${file} ${what}`);
}
