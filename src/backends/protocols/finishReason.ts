import type { Choice } from '../model.js';

/**
 * What a server's finish reason means. Servers spell the same few reasons in many ways, and each new one mostly names an end.
 * So an ending is an end unless it is known to be something else.
 *
 * | kind | spellings of |
 * |---|---|
 * | cut | `length` (OpenAI, vLLM, SGLang, llama.cpp, TGI, Ollama), `max_tokens`, `pause_turn` (Anthropic), `MAX_TOKENS` (Gemini), |
 * | | `model_length` (Mistral), `token_limit`, `not_finished` (watsonx), `contextLengthReached` (LM Studio) |
 * | filter | `content_filter` (OpenAI, Azure), `SAFETY`, `RECITATION`, `BLOCKLIST`, `SPII` (Gemini), `refusal` (Anthropic), |
 * | | `guardrail_intervened` (Bedrock), `sensitive` (Zhipu), `ERROR_TOXIC` (Cohere) |
 * | toolCall | `tool_calls`, `function_call` (OpenAI), `tool_use` (Anthropic), `MALFORMED_FUNCTION_CALL` (Gemini) |
 * | abort | `abort` (vLLM, SGLang), `error` (vLLM, Mistral, OpenRouter), `USER_CANCEL` (Cohere), |
 * | | `insufficient_system_resource` (DeepSeek) |
 * | repetition | `repetition` (vLLM) |
 */
export type FinishKind = 'end' | 'unknown' | 'cut' | 'filter' | 'toolCall' | 'abort' | 'repetition';

/** Parts of reasons, without case, underscores, hyphens and spaces. */
const PARTS: Readonly<Record<Exclude<FinishKind, 'unknown' | 'end'>, readonly string[]>> = {
  toolCall: ['toolcall', 'functioncall', 'tooluse'],
  filter: [
    ...[
      'filter',
      'safety',
      'moderat',
      'sensitive',
      'recitation',
      'blocklist',
      'blocked',
      'prohibited',
      'spii',
    ],
    ...['guardrail', 'modelarmor', 'toxic', 'refus', 'policy'],
  ],
  repetition: ['repetit'],
  cut: [
    ...[
      'length',
      'maxtoken',
      'maxnew',
      'maxout',
      'maxlen',
      'maxcontext',
      'maxpredict',
      'maxcompletion',
      'numpredict',
    ],
    ...['tokenlimit', 'contextlimit', 'outputlimit', 'errorlimit', 'timelimit', '^limit$', 'stoppedlimit'],
    ...['contextwindow', 'truncat', 'incomplete', 'notfinished', 'pause'],
  ],
  abort: [
    ...['abort', 'cancel', 'error', 'fail', 'disconnect', 'unload', 'interrupt', 'shutdown', 'insufficient'],
    ...['userstop', 'preempt', 'timeout'],
  ],
};

const KINDS: readonly (readonly [FinishKind, RegExp])[] = [
  ...Object.entries(PARTS).map(([kind, parts]) => [kind as FinishKind, new RegExp(parts.join('|'))] as const),
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
