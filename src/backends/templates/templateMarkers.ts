import { type Markers, markersOf } from '../../text/markers.js';

/** What a special token looks like in a template: `<|im_end|>`, `<｜end▁of▁sentence｜>`, `</s>`, `[INST]`, `[|user|]`. */
export const MARKER = /(<[^<>\s]+>|\[\/?[A-Z][A-Z_]*\]|\[\|[a-z]+\|\])/;

/** Tags that models write into their replies, and that judges therefore read: no message ends at them. */
const TAG = /^<\/?(think|thought|thinking|reasoning|answer|solution|tools?|tool_call|tool_response)>$/;

/** Words that name who speaks. Others, such as `Answer:`, stand in honest texts too often. */
const ROLE = /^(#{1,4} *)?(user|human|assistant|system|bot|gpt|ai|model|instruction|response) *:$/i;

const FIRST_LABEL = /^\s*((?:#{1,4} *)?[A-Za-z]+ *:)/;
const LAST_LABEL = /((?:#{1,4} *)?[A-Za-z]+ *:)\s*$/;

/** Of encoders such as BERT and RoBERTa, which score pairs and embed: `[SEP]` or `</s>` parts question and response. */
export const ENCODER_TOKENS = ['[CLS]', '[SEP]', '[MASK]', '[PAD]', '[UNK]', '<s>', '</s>', '<mask>'];

export interface TemplateTexts {
  /** For each form of the template its own texts, between those that rows fill in. */
  forms: readonly (readonly string[])[];
  /** What ends a completion. */
  stop?: readonly string[];
  /** Special tokens that the model's tokenizer names. */
  specialTokens?: readonly string[];
}

/** What a row's text must not hold, where it goes into this template. */
export function templateMarkers({ forms, stop = [], specialTokens = [] }: TemplateTexts): Markers {
  const written = [...forms.flat(), ...stop].flatMap((text) =>
    text.split(MARKER).filter((_, at) => at % 2 === 1),
  );
  const tokens = [...written, ...specialTokens.filter(isTold)].filter((token) => !TAG.test(token));
  return markersOf({ tokens, turns: [...new Set(forms.flatMap(turnsOf))] });
}

/** A token that is a word or a space is no marker: every text holds it. */
function isTold(token: string): boolean {
  return token.length >= 3 && /[^\p{L}\p{N}\s]/u.test(token) && token.trim() === token;
}

/**
 * Where a marker follows the row's text, nothing plain can end it. Where plain text does, as `Assistant:` of DeepSeekMath, no
 * tokenizer can tell the template's from the row's.
 */
function turnsOf(form: readonly string[]): string[] {
  return form.slice(1).flatMap((after, at) => {
    const closing = FIRST_LABEL.exec(after);
    if (!closing || !ROLE.test(closing[1]!)) return [];
    const lead = after.slice(0, after.indexOf(closing[1]!)).includes('\n') ? '\n' : ' ';
    const opening = LAST_LABEL.exec(form[at]!)?.[1];
    const labels = opening !== undefined && ROLE.test(opening) ? [closing[1]!, opening] : [closing[1]!];
    return labels.map((label) => lead + label);
  });
}
