import { RowError } from '../../../errors.js';
import { afterThought } from '../../../text/afterThought.js';
import { namedObjects } from '../../../text/namedObjects.js';

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

/**
 * The verdict in a judge's reply, read behind its thought. Throws a RowError, ROW_UNCLEAR, where it has none, and where it holds two
 * that differ: one of them may be quoted from what was judged.
 */
export function readBetter(reply: string): Better {
  const verdicts = namedObjects(afterThought(reply), ['reason', 'better']).flatMap(
    (object) => verdictIn(object) ?? [],
  );
  if (new Set(verdicts.map(({ better }) => better)).size > 1)
    throw new RowError('ROW_UNCLEAR', 'the reply holds two verdicts that differ, expected one');
  const last = verdicts.at(-1);
  if (last) return last;
  throw new RowError(
    'ROW_UNCLEAR',
    `the reply ends with "${reply.slice(-40)}", expected one JSON object with better: A, B or tie`,
  );
}

const NAMES = new Map([
  ['a', 'A'],
  ['b', 'B'],
  ['tie', 'tie'],
] as const);

function verdictIn({ better, reason = '' }: Readonly<Record<string, unknown>>): Better | null {
  if (typeof better !== 'string') return null;
  const found = (NAMES as ReadonlyMap<string, Better['better']>).get(better.trim().toLowerCase());
  return found
    ? { better: found, reason: typeof reason === 'string' ? reason : JSON.stringify(reason) }
    : null;
}
