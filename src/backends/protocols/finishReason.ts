import type { Choice } from '../model.js';

/**
 * What a server's finish reason means. Servers spell the same few reasons in many ways, and each new one mostly names an end.
 * So an ending is an end unless it is known to be something else.
 *
 * | kind | spellings of |
 * |---|---|
 * | cut | OpenAI, vLLM, SGLang, llama.cpp, TGI, Ollama `length`; Anthropic `max_tokens`, `pause_turn`; Gemini `MAX_TOKENS`; Mistral `model_length`; watsonx `token_limit`, `not_finished`; LM Studio `maxPredictedTokensReached`, `contextLengthReached` |
 * | filter | OpenAI, Azure `content_filter`; Gemini `SAFETY`, `RECITATION`, `BLOCKLIST`, `SPII`; Bedrock `guardrail_intervened`; Anthropic `refusal`; Zhipu `sensitive`; Cohere `ERROR_TOXIC` |
 * | toolCall | OpenAI `tool_calls`, `function_call`; Anthropic `tool_use`; Gemini `MALFORMED_FUNCTION_CALL` |
 * | abort | vLLM, SGLang `abort`; vLLM, Mistral, OpenRouter `error`; Cohere `USER_CANCEL`; DeepSeek `insufficient_system_resource` |
 * | repetition | vLLM `repetition` |
 */
export type FinishKind = 'end' | 'unknown' | 'cut' | 'filter' | 'toolCall' | 'abort' | 'repetition';

/** Compared without case, underscores, hyphens and spaces. */
const KINDS: readonly (readonly [FinishKind, RegExp])[] = [
  ['toolCall', /toolcall|functioncall|tooluse/],
  [
    'filter',
    /filter|safety|moderat|sensitive|recitation|blocklist|blocked|prohibited|spii|guardrail|modelarmor|toxic|refus|policy/,
  ],
  ['repetition', /repetit/],
  [
    'cut',
    /length|maxtoken|maxnew|maxout|maxlen|maxcontext|maxpredict|maxcompletion|numpredict|tokenlimit|contextlimit|outputlimit|errorlimit|timelimit|^limit$|stoppedlimit|contextwindow|truncat|incomplete|notfinished|pause/,
  ],
  [
    'abort',
    /abort|cancel|error|fail|disconnect|unload|interrupt|shutdown|insufficient|userstop|preempt|timeout/,
  ],
  ['end', /^(?:stop|eos|eot$|end|complete|done$|finish|word$|reasonstop)/],
];

/** Longer ones are no reasons. */
const REASON_CHARS_MAX = 200;

/** `reason`: what stands in `finish_reason`. A server that says nothing has `end`: see `readReply` for what it may hide. */
export function finishKind(reason: string): FinishKind {
  const plain = reason
    .slice(0, REASON_CHARS_MAX)
    .toLowerCase()
    .replace(/[\s_-]+/g, '');
  return KINDS.find(([, pattern]) => pattern.test(plain))?.[0] ?? 'unknown';
}

/** The reason as a text: as it stands, or the `type` of an object (SGLang's own form). Null for a server that says none. */
export function finishText(reason: unknown): string | null {
  if (reason === undefined || reason === null || reason === '' || reason === 'null') return null;
  if (typeof reason === 'string') return reason;
  const { type } = reason as { type?: unknown };
  if (typeof type === 'string' && type !== '') return type;
  return typeof reason === 'object' ? 'an object' : `${reason as number | boolean}`;
}

/** What a choice of that kind is to a step. */
export const FINISHES: Readonly<Record<Exclude<FinishKind, 'abort'>, Choice['finish']>> = {
  ...{ end: 'stop', unknown: 'stop' },
  ...{ cut: 'length', repetition: 'repetition', filter: 'filter', toolCall: 'toolCall' },
};
