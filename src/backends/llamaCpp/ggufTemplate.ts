import { ScaleQuestError } from '../../errors.js';
import { chatTemplate } from '../templates/chatTemplate.js';
import { type Template, templateOfChat } from '../templates/template.js';
import type { GgufTokenizer } from './messages.js';

/** The template that the GGUF file holds. Throws ERR_MODEL_LOAD where there is none, or it cannot be used. */
export function ggufTemplate(
  model: string,
  path: string,
  { chatTemplate: text, bos, eos }: GgufTokenizer,
): Template {
  if (text !== null) {
    const specialTokens = [bos, eos].filter((token) => token !== undefined);
    return templateOfChat(chatTemplate(path, text, { bos, eos, specialTokens }), path);
  }
  throw new ScaleQuestError(
    'ERR_MODEL_LOAD',
    `${model}: ${path} holds no chat template (tokenizer.chat_template), as files of base models do; expected \`template\` ` +
      'beside `llamaCpp`: the name of the one that the model was trained with, or an object with preQuery, user and stop. ' +
      'docs/models.md shows one with examples, for base models',
    { data: { model } },
  );
}
