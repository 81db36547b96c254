import type { LlamaModel, Token } from 'node-llama-cpp';
import type { PromptPart } from '../templates/template.js';
import type { GgufTokenizer } from './messages.js';

type Tokenizing = Pick<LlamaModel, 'tokenize' | 'tokens'>;

/**
 * The tokens of a prompt, with a begin-of-sequence token before them if the GGUF file asks for one (`add_bos_token`) and the
 * template does not begin with it. Without it, models that were trained with one write nonsense.
 */
export function promptTokens(model: Tokenizing, parts: readonly PromptPart[]): Token[] {
  const tokens = parts.flatMap(({ text, special }) => model.tokenize(text, special));
  const { bos, shouldPrependBosToken } = model.tokens;
  return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
}

export function tokenizerOf({ tokens, fileInfo }: Pick<LlamaModel, 'tokens' | 'fileInfo'>): GgufTokenizer {
  return {
    // An empty one is none.
    chatTemplate: fileInfo.metadata.tokenizer?.chat_template || null,
    bos: tokens.bosString ?? undefined,
    eos: tokens.eosString ?? undefined,
  };
}
