import { RowError } from '../errors.js';
import { afterThought } from './afterThought.js';

/** Markdown, numbering and “Step 4” before a heading. */
const BEFORE_HEADING =
  String.raw`[\s>#*_\x60•–-]{0,40}(?:(?:step|section|part)\s{0,9})?(?:\d{1,9}\s{0,9}[.):]?)?` +
  String.raw`[\s#*_–-]{0,40}(?:the\s{1,9})?`;
const FINAL = String.raw`final(?:ly)?(?:\s+(?:re-?written|modified|revised|improved|created))?\s+(?:question|problem)`;
/** “Final question (self-contained)”. */
const ASIDE = String.raw`(?:[\s#*_\x60]{0,9}\([^()]{1,80}\))?`;
const HEADING = new RegExp(`^${BEFORE_HEADING}${FINAL}${ASIDE}[\\s#*_\`]*(?:[:：–—-][\\s*_\`]*(.*))?$`, 'i');

/**
 * The text of the reply's last section that is called “Final question” (or “Finally rewritten problem” and the like),
 * whatever its numbering, case and markdown, up to the next section; a thought before it does not count.
 * Throws ROW_UNCLEAR where there is none, ROW_EMPTY where it is empty.
 */
export function readFinalQuestion(reply: string): string {
  const lines = afterThought(reply).split(/\r?\n/);
  const at = lines.findLastIndex((line) => HEADING.test(line));
  if (at < 0) {
    throw new RowError(
      'ROW_UNCLEAR',
      `the reply ends with "${reply.slice(-40)}", expected a section that is called “Final question”`,
    );
  }
  const [, beside = ''] = HEADING.exec(lines[at]!)!;
  const text = unwrap(sectionIn([beside, ...lines.slice(at + 1)]));
  if (text !== '') return text;
  throw new RowError('ROW_EMPTY', 'the reply has nothing after its heading “Final question”');
}

const RULE = /^\s*(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|={3,}\s*|—{3,}\s*)$/;
const MARKDOWN_HEADING = /^\s*#{1,6}\s/;
const QUESTION_HEADING = /^[\s#*_]{0,9}(?:the\s+)?(?:question|problem)[\s#*_]{0,9}:?[\s*_]{0,9}$/i;

/** What a section behind the question is called; not “Part”, “Given” or “Note”, which belong to many a question. */
const SECTION = [
  String.raw`(?:(?:step[\s-]by[\s-]step|detailed|full|worked|sample|possible|brief|short|final|correct|expected|numeric(?:al)?)\s+)*`,
  String.raw`(?:solutions?|answers?(?:\s+key)?|explanations?|verification|reasoning|rationale|justification|proof|hints?|analysis|`,
  String.raw`check|review|remarks?|comments?|changes(?:\s+made)?|modifications?(?:\s+made)?|draft|methods?(?:\s+list)?|plan|`,
  String.raw`rewritten(?:\s+(?:question|problem))?|original(?:\s+(?:question|problem))?|why\s+(?:this|it)\b[^:*]{0,60})`,
].join('');
/** As `Solution:`, `**Solution**`, `2. **Solution:**`, alone on its line or with text beside it. */
const SECTION_LINE = new RegExp(
  String.raw`^[\s>*_•-]{0,20}(?:(?:step\s{0,9})?\d{1,3}\s{0,9}[.):]\s{0,9})?` +
    String.raw`(?:[*_]{1,3}\s{0,3}${SECTION}\s{0,3}(?:[:：]\s{0,3}[*_]{1,3}|[*_]{1,3})|${SECTION}\s{0,3}[:：]|${SECTION}\s{0,3}$)`,
  'i',
);
/** Behind the question in the same line: in bold, or after the end of a sentence. */
const SECTION_BESIDE = new RegExp(
  String.raw`\s[*_]{2,3}\s{0,3}${SECTION}\s{0,3}(?:[:：]\s{0,3}[*_]{2,3}|[*_]{2,3})|(?<=[?.!]["”*]{0,3})\s+\(?${SECTION}\s{0,3}[:：]`,
  'i',
);
/** Sentences about the question instead of in it, as the rewriter's last words. */
const REMARK = new RegExp(
  [
    String.raw`^[\s>*_(]{0,9}(?:this|the)\s+(?:(?:final|rewritten|revised|modified|new|updated)\s+)*(?:question|problem|version)\b[^?]*$`,
    String.raw`^[\s>*_(]{0,9}note\b.*\b(?:question|problem|version|rewr|modif|chang|original)`,
    String.raw`^[\s>*_(]{0,9}(?:the\s+(?:final\s+|correct\s+)?answer\s+is\b|to\s+solve\s+(?:this|it)\b|let(?:’|')?s\s+solve\b)[^?]*$`,
  ].join('|'),
  'i',
);

function isSectionStart(line: string): boolean {
  return [RULE, MARKDOWN_HEADING, SECTION_LINE, REMARK].some((start) => start.test(line));
}

/** The first section of these lines: a solution or a remark behind a question must not get into the training set as part of it. */
function sectionIn(lines: readonly string[]): string {
  let from = 0;
  const isBefore = (line: string): boolean =>
    line.trim() === '' || RULE.test(line) || QUESTION_HEADING.test(line);
  while (from < lines.length && isBefore(lines[from]!)) from += 1;
  const rest = lines.slice(from);
  const fenced = fencedIn(rest);
  if (fenced !== null) return fenced;
  // The first line may speak of “the problem” and still be the question.
  const end = rest.findIndex((line, at) => isSectionStart(line) && (at > 0 || !REMARK.test(line)));
  const text = (end < 0 ? rest : rest.slice(0, end)).join('\n');
  const beside = SECTION_BESIDE.exec(text);
  return (beside ? text.slice(0, beside.index) : text).trim();
}

const FENCE_OPENS = /^\s*`{3}(?:text|txt|plaintext|markdown|md|latex|tex|math)?[ \t]*$/i;
const FENCE = '```';

/** What stands between fences around a whole text; one around code is part of a question. */
function fencedIn([first = '', ...rest]: readonly string[]): string | null {
  if (!FENCE_OPENS.test(first)) return null;
  const inside = rest.join('\n');
  const close = inside.indexOf(FENCE);
  return close < 0 ? null : inside.slice(0, close).trim();
}

/** Without what models put around a whole text: bold, quotes, angle brackets. */
function unwrap(text: string): string {
  const inner = text
    .match(/^(?:\*\*([^*]+)\*\*|"([^"]+)"|“([^“”]+)”|<([^<>]+)>)$/)
    ?.slice(1)
    .find(Boolean);
  if (inner !== undefined) return inner.trim();
  // Bold that began before the heading ends after the text.
  const isOdd = (text.match(/\*\*/g)?.length ?? 0) % 2 === 1;
  return isOdd ? text.replace(/\*\*$/, '').trim() : text;
}
