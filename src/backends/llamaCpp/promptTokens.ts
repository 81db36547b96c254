import type { LlamaModel, Token } from 'node-llama-cpp';
import type { PromptPart } from '../templates/template.js';

/** A prompt's tokens; or, as text, the control token that the text of a row would be read as. */
export type PromptTokens = { tokens: Token[] } | { marker: string };

/**
 * Tokenizes prompts part by part: only the template's markers become control tokens, and everything else is text. But pieces of
 * text can merge into a control token all the same, as of `<s>` in vocabularies of SentencePiece: such a prompt is refused.
 *
 * A begin-of-sequence token stands first if the GGUF file asks for one (`add_bos_token`) and the template does not begin with
 * it: models that were trained with one write nonsense without it.
 */
export function promptTokenizer(model: LlamaModel): (prompt: readonly PromptPart[]) => PromptTokens {
  const { bos, shouldPrependBosToken } = model.tokens;
  const known = new Map<Token, boolean>();

  function isControl(token: Token): boolean {
    let control = known.get(token);
    if (control === undefined) {
      ({ control } = model.getTokenAttributes(token));
      known.set(token, control);
    }
    return control;
  }

  return (prompt) => {
    const tokens: Token[] = [];
    for (const { text, special } of prompt) {
      const part = model.tokenize(text, special);
      const marker = special ? undefined : part.find(isControl);
      if (marker !== undefined) return { marker: model.detokenize([marker], true) };
      // Not spread into the arguments of `push`: a long text has more tokens than a call may have arguments.
      for (const token of part) tokens.push(token);
    }
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    return { tokens };
  };
}
