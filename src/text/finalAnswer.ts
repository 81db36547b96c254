import { afterThought } from './afterThought.js';
import { type Box, boxesOf } from './boxes.js';
import { concludedAnswer, foreignValue } from './concludedAnswer.js';
import { lastStated, statedFinally } from './statedMarks.js';

/**
 * The final answer that a solution states behind its thought: what stands in its last <answer> or \boxed{…}, else what follows the
 * last “The answer is”, “Answer:” or “####” that an answer follows; else the value of a last sentence that concludes (“Thus x = 4.”).
 * Null where it gives none. Linear in the solution.
 */
export function finalAnswer(solution: string): string | null {
  const text = ownTurn(afterThought(solution));
  const stated = statedIn(text);
  if (stated === undefined) return concludedAnswer(text);
  // `答案：每份应该是 3 吨`
  return (stated !== null && FOREIGN_SENTENCE.test(stated) && foreignValue(stated)) || stated;
}

/** Words of a script that is not Latin, and a number. */
const FOREIGN_SENTENCE = /^(?=[^\d]{0,300}\d).{0,300}?(?:(?!\p{Script=Latin})\p{L}){3}/su;

/** As `finalAnswer`, but only where a mark says that it is one: a box, “The answer is”, “Answer:” or “####”. */
export function statedAnswer(solution: string): string | null {
  return statedIn(ownTurn(afterThought(solution))) ?? null;
}

/**
 * The reference answer in a benchmark's column, which may be a whole worked solution: what it boxes, what follows “####” or
 * “The answer is”, else all of it.
 */
export function referenceAnswer(text: string): string | null {
  const boxed = lastBoxed(text);
  if (boxed) return boxed.content || null;
  if (text.includes('####')) return text.split('####').at(-1)!.trim() || null;
  return lastStated(text) ?? (text.trim() || null);
}

/** Null where a mark stands without an answer, undefined where there is no mark. */
function statedIn(text: string): string | null | undefined {
  const tagged = lastTagged(text);
  if (tagged) return lastBoxed(tagged)?.content || tagged;
  const boxes = boxesOf(text);
  const boxed = lastOf(boxes.closed, text);
  // Cut off inside its box: what was stated before it is not the final answer.
  if (!boxed) {
    const stated = lastStated(text, boxes.unclosedAt);
    return stated === undefined && boxes.unclosedAt >= 0 ? null : stated;
  }
  return statedFinally(text, boxed.end) ?? (boxed.content || null);
}

/** Markers that end a model's turn: what stands behind them is no answer of its own. */
const TURN_ENDS =
  /<\|(?:im_start|im_end|endoftext|eot_id|end_of_text|eom_id|end|return|user)\|>|<\/s>|<｜end▁of▁sentence｜>|<end_of_turn>/;

/** Without space around it: what is read must not depend on whether a thought stood before. */
function ownTurn(text: string): string {
  return text.split(TURN_ENDS, 1)[0]!.trim();
}

const TAG = /<(\/?)(?:final[_ ]?)?answer>/gi;

/** What stands in the last <answer>…</answer>; the closing tag may have been the stop string. Empty where there is none. */
function lastTagged(text: string): string {
  let [start, end] = [-1, -1];
  for (const { index, 0: tag, 1: closes } of text.matchAll(TAG)) {
    if (!closes) [start, end] = [index + tag.length, text.length];
    else if (end === text.length) end = index;
  }
  return start < 0 ? '' : text.slice(start, end).trim();
}

interface LastBoxed {
  content: string;
  end: number;
}

function lastBoxed(text: string): LastBoxed | null {
  return lastOf(boxesOf(text).closed, text);
}

/** The content of the last closed box, and of those that it is listed with. */
function lastOf(closed: readonly Box[], text: string): LastBoxed | null {
  const last = closed.at(-1);
  if (!last) return null;
  let first = closed.length - 1;
  while (first > 0 && isListed(between(text, closed[first - 1]!, closed[first]!))) first -= 1;
  const content = closed
    .slice(first)
    .map((box) => box.content)
    .join(', ');
  return { content, end: last.end };
}

function between(text: string, left: Box, right: Box): string {
  return right.start - left.end < BETWEEN_CHARS_MAX ? text.slice(left.end, right.start) : '.';
}

/** What two answers of one list have between them, dress and all: up to four words before “and”. */
const EDGE = String.raw`(?:[\s$]|\\q?quad|\\[()[\]])*`;
const WORDS = String.raw`(?:\\text\{)?(?: ?\(?[A-Za-z]{1,12}\)?){0,4}`;
const JOIN = String.raw`(?:,|,?\s*${WORDS},?\s*\b(?:and|or)\b(?: ?\})?|\\text\{,? ?(?:and|or) ?\})`;
/** `, y =` */
const NAME = String.raw`(?:[A-Za-z](?:_(?:\w|\{\w{1,4}\}))? ?=)?`;
const LISTED = new RegExp(`^${EDGE}${JOIN}${EDGE}${NAME}${EDGE}$`);
const BETWEEN_CHARS_MAX = 50;

/** `\boxed{1}$ and $\boxed{2}` are one answer. */
function isListed(text: string): boolean {
  return LISTED.test(text);
}
