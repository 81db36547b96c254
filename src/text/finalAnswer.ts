import { closingBrace } from './closingBrace.js';

/**
 * The final answer that a solution states: what stands in its last \boxed{…}, else what follows the last “The answer is”,
 * “Answer:” or “####” that an answer follows. Null where it states none (ScaleQuest's reference calls such a response unanswered).
 */
export function finalAnswer(solution: string): string | null {
  const boxed = lastBoxed(solution);
  if (boxed !== null) return boxed || null;
  let remark: string | null = null;
  let end = solution.length;
  for (const { index, 0: mark } of [...solution.matchAll(STATED)].reverse()) {
    const answer = stated(solution.slice(index + mark.length, end));
    end = index;
    // Cut off inside its box: what was stated before it is not the final answer.
    if (/^\W*\\(?:boxed|fbox)(?![A-Za-z])/.test(answer)) return null;
    if (answer === '' || !(isMarked(mark) || isAnswerLike(answer))) continue;
    if (!REMARK.test(answer)) return answer;
    remark ??= answer;
  }
  return remark;
}

/**
 * The reference answer in a benchmark's column, which may be a whole worked solution: what it boxes, what follows “####”, else
 * all of it.
 */
export function referenceAnswer(text: string): string | null {
  const boxed = lastBoxed(text);
  if (boxed !== null) return boxed || null;
  return text.split('####').at(-1)!.trim() || null;
}

const STATED = /\bthe (?:final |correct )?answer is\b:?|^[#*\s]*(?:final )?answer\b[*\s]*[:=]|^####(?!#)/gim;

/** A digit, a sign, a formula, a bracket, or a variable with a relation. */
const MATHS_START =
  /^[-+−±√π∞¬.]?\s*[\d$\\([{|£€¥*]|^[-+−±√π∞∅ℝ]|^[A-Za-z]\w?(?:_\w+|\([^()]{0,20}\))?\s*[=<>≤≥≠≈∈^*+/]/;
const ANSWER_WORDS_MAX = 4;
/** What is said about an answer more often than given as one: taken where nothing else is stated. */
const REMARKS = [
  ...[
    'independent',
    'dependent',
    'unique',
    'correct',
    'incorrect',
    'wrong',
    'right',
    'clear',
    'obvious',
    'not',
  ],
  ...[
    'reasonable',
    'consistent',
    'found',
    'given',
    'obtained',
    'that',
    'what',
    'when',
    'then',
    'also',
    'already',
  ],
  ...['still', 'always', 'never', 'the same'],
];
const REMARK = new RegExp(`^(?:${REMARKS.join('|')})\\b`, 'i');

/** “Answer:” and “####” at a line's start say that an answer follows; “the answer is” may be any sentence's. */
function isMarked(mark: string): boolean {
  return !/\bis\b/i.test(mark);
}

function isAnswerLike(text: string): boolean {
  return MATHS_START.test(text) || (text.match(/[A-Za-z]{2,}/g)?.length ?? 0) <= ANSWER_WORDS_MAX;
}

/** The content of the last \boxed{…} with balanced braces, and of those that it is listed with; an unclosed one is no answer. */
function lastBoxed(solution: string): string | null {
  const boxes: { start: number; end: number; content: string }[] = [];
  for (const { index, 0: open } of solution.matchAll(/\\(?:boxed|fbox)\s*\{/g)) {
    if (index < (boxes.at(-1)?.end ?? 0)) continue;
    const close = closingBrace(solution, index + open.length - 1);
    if (close < 0) break;
    boxes.push({ start: index, end: close + 1, content: solution.slice(index + open.length, close).trim() });
  }
  const last = boxes.at(-1);
  if (!last) return null;
  let first = boxes.length - 1;
  while (first > 0 && isListed(solution.slice(boxes[first - 1]!.end, boxes[first]!.start))) first -= 1;
  return boxes
    .slice(first)
    .map(({ content }) => content)
    .join(', ');
}

/** What two answers of one list have between them, dress and all. */
const EDGE = String.raw`(?:[\s$]|\\q?quad|\\[()[\]])*`;
const JOIN = String.raw`(?:,|,?\s*(?:and|or)|\\text\{,? ?(?:and|or) ?\})`;
const LISTED = new RegExp(`^${EDGE}${JOIN}${EDGE}$`);
const BETWEEN_CHARS_MAX = 50;

/** `\boxed{1}$ and $\boxed{2}` are one answer. */
function isListed(between: string): boolean {
  return between.length < BETWEEN_CHARS_MAX && LISTED.test(between);
}

const REASON = /,\s*(?:since|because|so|as)\s|\s(?:since|because)\s/i;

/** The rest of the sentence without its reasons; a displayed formula is taken whole. */
function stated(rest: string): string {
  const text = rest.replace(/^[\s:*]+/, '');
  const display = /^(\$\$|\\\[)/.exec(text);
  if (display) {
    const close = text.indexOf(display[1] === '$$' ? '$$' : '\\]', 2);
    if (close > 0) return text.slice(2, close).trim();
  }
  const [line] = text.split('\n', 1);
  const [sentence] = line!
    .split(/[.!?](?=[\s*]|$)/, 1)[0]!
    .split(REASON, 1)
    .map((part) => part.replace(/[\s*]+$/, ''));
  const dollars = /^\$([^$]+)\$$/.exec(sentence!);
  return (dollars ? dollars[1]! : sentence!).trim();
}
