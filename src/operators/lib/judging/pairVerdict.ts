import type { ReplyForm } from '../structured/replyForm.js';
import { compileSchemaCheck } from '../structured/schemaCheck.js';

/** Which of two texts a judge finds better. */
export interface Better {
  better: 'A' | 'B' | 'tie';
  /** Empty where none was given. */
  reason: string;
}

/** What makes one better and the form of the reply, as a prompt has them. */
export function pairText(criteria: readonly string[]): string {
  const lines = criteria.map((criterion, at) => `${at + 1}. ${criterion}`);
  return (
    `What makes one better, the most important first:\n${lines.join('\n')}\n\n` +
    'Reply with one JSON object of this form, and nothing after it:\n' +
    '{ "reason": "<one or two sentences>", "better": "A" or "B", or "tie" where neither is better }'
  );
}

const NAMES = ['A', 'B', 'tie'] as const;

/** The JSON Schema of a verdict. */
export const PAIR_SCHEMA = {
  type: 'object',
  // The reason comes first: a verdict that is written first is not reasoned.
  properties: { reason: { type: 'string' }, better: { type: 'string', enum: [...NAMES] } },
  required: ['reason', 'better'],
  additionalProperties: false,
};

/** The form of a verdict on two texts. Verdicts in one reply that differ are none. */
export function pairForm(): ReplyForm<Better> {
  const check = compileSchemaCheck(PAIR_SCHEMA);
  return {
    schema: PAIR_SCHEMA,
    code: 'ROW_UNCLEAR',
    read({ better, reason = '' }) {
      const verdict = { better: nameOf(better), reason: textOf(reason) };
      const fault = check(verdict);
      return fault === null ? { value: verdict as Better } : { fault };
    },
    agreement: ({ better }) => better,
  };
}

/** Models without a schema write `a` and `Tie` too. */
function nameOf(better: unknown): unknown {
  if (typeof better !== 'string') return better;
  return NAMES.find((name) => name.toLowerCase() === better.trim().toLowerCase()) ?? better;
}

/** What a judge gives as its reason, as a text. */
export function textOf(reason: unknown): string {
  return typeof reason === 'string' ? reason : JSON.stringify(reason);
}
