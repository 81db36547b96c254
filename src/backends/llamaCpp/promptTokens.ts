import type { LlamaModel, Token } from 'node-llama-cpp';
import { KNOWN_MARKERS } from '../../text/markers.js';
import type { PromptPart } from '../templates/template.js';

/** A prompt's tokens; or, as text, the control token that the text of a row would be read as. */
export type PromptTokens = { tokens: Token[] } | { marker: string };

/**
 * Tokenizes prompts part by part: only the template's markers become control tokens. Text without special tokens is text, but for
 * tokens that a GGUF declares to be a user's, which llama.cpp always finds, and for those that pieces of text happen to merge into.
 */
export function promptTokenizer(model: LlamaModel): (prompt: readonly PromptPart[]) => PromptTokens {
  const known = new Map<Token, boolean>();

  function isControl(token: Token): boolean {
    const { control, userDefined } = model.getTokenAttributes(token);
    if (control || !userDefined) return control;
    const text = model.detokenize([token], true);
    return KNOWN_MARKERS.find(text)?.text === text;
  }

  function isControlKnown(token: Token): boolean {
    const before = known.get(token);
    if (before !== undefined) return before;
    known.set(token, isControl(token));
    return known.get(token)!;
  }

  return (prompt) => {
    const tokens: Token[] = [];
    for (const { text, special } of prompt) {
      const part = model.tokenize(text, special);
      const marker = special ? undefined : part.find(isControlKnown);
      if (marker !== undefined) return { marker: model.detokenize([marker], true) };
      // Not spread into the arguments of `push`: a long text has more tokens than a call may have arguments.
      for (const token of part) tokens.push(token);
    }
    return { tokens };
  };
}
