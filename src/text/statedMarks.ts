import { statedAfter } from './statedText.js';

/** Phrases and signs that say “here is the answer”, and what follows them. Every pattern is bounded, so that reading is linear. */

const KIND = String.raw`(?:final|correct|right|desired|required|requested|exact|numerical|overall|simplified|complete)`;
const OF = String.raw`(?: (?:to|of|for) (?:the|this|that|our|part|question|problem)\b[^.:$\n]{0,60}?)?`;
const IS = String.raw`(?:is|was|are|equals|becomes|(?:should|must|would|will|could) be|comes (?:out )?to|turns out to be)`;

/** “The answer is” may be any sentence's. */
const SAID = String.raw`\b(?:the|our|my|your|its|this) (?:${KIND} ){0,2}answer${OF},? ${IS}\b:?`;
/** `The correct option is (D)`: a letter must follow. */
const LETTER_NEXT = String.raw`(?=[\s*_$({]{0,9}(?:\\text[a-z]{0,4}\{\(?)?[A-J](?![A-Za-z]))`;
const CHOSEN = String.raw`\bthe (?:correct|right|best) (?:option|choice|alternative)${OF},? is\b:?${LETTER_NEXT}`;
/** “Answer:” and “####” say that an answer follows. */
const MARKED = [
  String.raw`^[#*>_\t ]{0,20}(?:the )?(?:${KIND} ){0,2}(?:answers?|ans\.?)[*_\t ]{0,9}(?:[:：=]|[-–—](?= ))`,
  String.raw`^[#*>_\t ]{0,20}(?:the )?(?:final )?answer[ \t]{1,3}(?=[$\\\d])`,
  String.raw`^#{1,6}[ \t]{1,3}[*_\d.) ]{0,9}(?:the )?(?:final )?answer[*_:：\t ]{0,9}$`,
  String.raw`^[*_]{2,3}(?:the )?(?:final )?answer[:：]?[*_]{2,3}[:：]?[\t ]{0,9}$`,
  String.raw`^(?:the )?final answer[\t ]{0,9}$`,
  String.raw`(?:^|(?<=\s))####(?!#)`,
];
/** Within a line: as sure as “the answer is”. */
const LABELLED = String.raw`\b(?:${KIND} )?answer[*_]{0,3} ?[:：=]`;
const ROW = String.raw`\|[ *_]{0,9}(?:the )?(?:final )?answer[ *_:]{0,9}\|`;
/** Latin and Cyrillic. */
const LETTER = String.raw`[A-Za-z\u00c0-\u024f\u0400-\u04ff]`;
const NO_LETTER_BEFORE = `(?<!${LETTER})`;
const NO_LETTER = `(?!${LETTER})`;
const FOREIGN = [
  String.raw`(?:最终|正确)?答案(?:应该?)?(?:是|为|為|等于|即为|[:：=])[:：]?`,
  String.raw`^[*_ ]{0,9}(?:答|解答)[:：]`,
  String.raw`答えは?[:：]?`,
  String.raw`(?:정답|답)(?:은|:|：)`,
  String.raw`${NO_LETTER_BEFORE}ответ\s?[:：—–-]`,
  String.raw`${NO_LETTER_BEFORE}(?:respuesta|réponse|resposta|risposta)(?: (?:finale?|corre[ct]{1,2}[ae]))?` +
    String.raw`(?: (?:es|est|é|è)${NO_LETTER}| ?[:：])[:：]?`,
  String.raw`${NO_LETTER_BEFORE}(?:die )?antwort(?: (?:ist|lautet)${NO_LETTER}| ?[:：])[:：]?`,
];
// Without the flag `u`, which would make it three times slower.
const STATED = new RegExp([SAID, CHOSEN, ...MARKED, ROW, LABELLED, ...FOREIGN].join('|'), 'gim');
const IS_MARKED = new RegExp(`^(?:${[...MARKED, ROW].join('|')})$`, 'im');

/** A digit, a sign, a formula, a bracket, or a variable with a relation. */
const MATHS_START =
  /^[-+−±√π∞¬.]?\s{0,9}[\d$\\([{|£€¥*]|^[-+−±√π∞∅ℝ]|^[A-Za-z]\w?(?:_\w{1,20}|\([^()]{0,20}\))?\s{0,9}[=<>≤≥≠≈∈^*+/]/;
const ANSWER_WORDS_MAX = 4;
/** What is said about an answer more often than given as one: taken where nothing else is stated. */
const REMARKS = [
  ...['independent', 'dependent', 'unique', 'correct', 'incorrect', 'wrong', 'right', 'clear', 'obvious'],
  ...['reasonable', 'consistent', 'found', 'given', 'obtained', 'that', 'what', 'when', 'then', 'also'],
  ...['already', 'still', 'always', 'never', 'not', 'the same'],
];
const REMARK = new RegExp(`^(?:${REMARKS.join('|')})\\b`, 'i');
/** Headings that “####” may begin. */
const SECTION = new RegExp(
  `^(?:${[
    'step|part|case|conclusion|solution|explanation|verification|check|summary|notes?|result|method|approach',
    'understanding|problem|question|given|calculation|analysis',
  ].join('|')})\\b`,
  'i',
);

/**
 * What follows the last mark that an answer follows; null where marks stand without one, undefined where there is no mark. A mark
 * before the position `notBefore` states nothing.
 */
export function lastStated(text: string, notBefore = -1): string | null | undefined {
  let remark: string | null | undefined;
  let end = text.length;
  for (const { index, mark } of lastMarks(text).reverse()) {
    if (index < notBefore) return null;
    const answer = statedAfter(mark, text.slice(index + mark.length, end));
    end = index;
    remark ??= null;
    if (answer === '' || !isAnswer(mark, answer)) continue;
    const denied = /^not\b(.{0,200})/is.exec(answer);
    if (denied && MATHS_START.test(denied[1]!.trimStart())) {
      const instead = /\bbut (?:rather |instead )?(\S.*)$/i.exec(denied[1]!);
      if (instead) return instead[1]!;
      continue;
    }
    if (!REMARK.test(answer)) return answer;
    remark ??= answer;
  }
  return remark;
}

interface Mark {
  index: number;
  mark: string;
}

/** No text has as many marks that nothing follows. */
const MARKS_MAX = 2000;

/** The last of its marks, in their order. */
function lastMarks(text: string): Mark[] {
  let marks: Mark[] = [];
  for (const { index, 0: mark } of text.matchAll(STATED)) {
    marks.push({ index, mark });
    if (marks.length >= 2 * MARKS_MAX) marks = marks.slice(-MARKS_MAX);
  }
  return marks;
}

/** A final answer that is stated behind a position, in maths: it counts more than a box before it. */
export function statedFinally(text: string, from: number): string | null {
  const rest = text.slice(from);
  const at = rest.search(/\b(?:(?:the|our|my|your) )?final answer\b/i);
  const answer = at < 0 ? null : lastStated(rest.slice(at));
  return answer && MATHS_START.test(answer) ? answer : null;
}

function isAnswer(mark: string, answer: string): boolean {
  if (mark.includes('####')) return isAnswerLike(answer) && !SECTION.test(answer);
  return IS_MARKED.test(mark) || isAnswerLike(answer);
}

function isAnswerLike(text: string): boolean {
  return MATHS_START.test(text) || wordsIn(text) <= ANSWER_WORDS_MAX;
}

function wordsIn(text: string): number {
  return text.match(/[A-Za-z]{2,}/g)?.length ?? 0;
}
