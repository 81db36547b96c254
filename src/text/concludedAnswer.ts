/** Only the end of a solution can conclude it. */
const TAIL_CHARS = 2000;
const ANSWER_CHARS_MAX = 300;

/** What is said behind the last sentence of a solution. */
const FAREWELL =
  /^(?:i hope|hope this|let me know|feel free|please let|thank|q\.?e\.?d|this (?:is|completes|concludes) the)\b/i;
/** A sentence that weighs something up concludes nothing. */
const OPEN = anyWord(
  "let us|let's|let me|check|whether|if|suppose|assume|consider|try|maybe|perhaps|might|could|may|wait|hmm|guess",
  'next|first|example|cannot|unknown',
);
const STARTS =
  /^(?:so|thus|therefore|hence|then|consequently|finally|in total|altogether|overall|in conclusion)\b/i;
const SIGNS = /^[∴⇒因所故]|it['’]s\b|[:=] ?(?:\$|\\[([])/i;
const VERBS = anyWord(
  'is|are|was|equals?|gives?|yields?|gets?|obtain(?:ed)?|find|found|have|becomes|total|makes|making',
);

function anyWord(...words: readonly string[]): RegExp {
  return new RegExp(String.raw`\b(?:${words.join('|')})\b`, 'i');
}

const IDEOGRAPHIC =
  '因此|所以|综上|总共|一共|共有|共|故|等于|得到|得|是|为|為|따라서|그러므로|よって|したがって|ゆえに|は';
const SPACED_CUES =
  'لذا|إذن|إذا|هو|هي|يساوي|इसलिए|अतः|следовательно|поэтому|значит|итого|равно|равна|равен|составляет';
const LATIN_CUES =
  'donc|ainsi|por (?:lo )?tanto|portanto|assim|quindi|dunque|daher|somit|folglich|also|est|son|são|sono|sind|ist|beträgt';
/** Cues of languages that write words apart; a word of them is no part of another. */
const FOREIGN_CUE = new RegExp(
  String.raw`(?:${IDEOGRAPHIC})|(?<![\p{L}\p{M}])(?:${SPACED_CUES}|${LATIN_CUES})(?![\p{L}\p{M}])|(?<=[\p{L}\p{M}]{2} )=`,
  'giu',
);

const DIGITS = String.raw`(?:\d[\d,]{0,40}\d|\d)?(?:\.\d{1,40}|(?<=\d))(?:\/\d{1,20}(?!\d))?`;
const NUMBER =
  String.raw`[-−+]?(?:[$€£¥] ?|\\\$ ?)?${DIGITS}` + String.raw`(?: ?(?:\\?%|°|[€£¥]|(?:[ckm]?m|in|ft)[²³]))?`;
const COPULA = String.raw`(?:\b(?:is|are|equals?|gives?|gets?|obtain|find|have|total of|by|it['’]s)|=|:)`;
const AFTER_COPULA = new RegExp(
  String.raw`${COPULA} (?:exactly |equal to |only |about )?(${NUMBER})(?![\w^\\])`,
  'gi',
);
const ANY_NUMBER = new RegExp(String.raw`(?<![\w.,\\^_{])${NUMBER}(?![\w^])`, 'g');
const FORMULA = /\$\$?([^$]{1,300})\$\$?|\\\(([^]{1,300}?)\\\)|\\\[([^]{1,300}?)\\\]/g;

/** The value in a solution's last sentence, where that concludes: “Thus $x = 4$.”, “So there are 28 ways.”, or a line of nothing else. */
export function concludedAnswer(solution: string): string | null {
  const sentence = lastSentence(solution.trimEnd().slice(-TAIL_CHARS));
  if (sentence === '' || sentence.length > TAIL_CHARS / 2) return null;
  if (isBare(sentence)) return sentence.length <= ANSWER_CHARS_MAX ? sentence : null;
  if (sentence.endsWith('?') || OPEN.test(sentence)) return null;
  if (![STARTS, SIGNS, VERBS].some((cue) => cue.test(sentence))) return foreignValue(sentence);
  return lastFormula(sentence) ?? lastNumber(sentence);
}

/** The value behind “therefore” or “is” in a sentence of another language: `因此，…是3页`, `لذا … هو 92`, `Donc … est de 25 %`. */
export function foreignValue(sentence: string): string | null {
  const cues = [...sentence.matchAll(FOREIGN_CUE)];
  const last = cues.at(-1);
  if (!last) return null;
  const behind = sentence.slice(last.index + last[0].length);
  return lastFormula(behind) ?? lastNumber(behind);
}

const DRESS = /^(?:[\s#>]|[*_]{2}|\* ){1,20}/;
const DRESS_AND_BULLETS = /^(?:[\s#>]|[*_]{2}|[-*] ){1,20}/;

function lastSentence(tail: string): string {
  // The only line that begins with a minus is no item of a list.
  const hasBullets = /(?:^|\n) ?- [^]*\n ?- |(?:^|\n) ?- .*[A-Za-z]{2}/.test(tail);
  const sentences = tail
    .split(/\n|(?<=[.!?]\$?\$?)\s|(?<=[。！？])/)
    .map((sentence) => sentence.replace(hasBullets ? DRESS_AND_BULLETS : DRESS, '').trim())
    .filter((sentence) => sentence !== '' && !FAREWELL.test(sentence));
  const last = sentences.at(-1) ?? '';
  // Terms that go on.
  if (/[,+] ?\.{3}$/.test(last) && isBare(last)) return last;
  // `5!` ends with its factorial, where it is no sentence.
  const end = isBare(last)
    ? /[.。\s]{0,9}(?:[*_]{2})?[.。\s]{0,9}$/
    : /[.。!\s]{0,9}(?:[*_]{2})?[.。!\s]{0,9}$/;
  return last.replace(end, '');
}

/** Nothing but maths: no word outside of a command, in whatever script. */
function isBare(sentence: string): boolean {
  const words =
    sentence
      .replace(/\\[A-Za-z]{1,30}(?:\{[A-Za-z ,]{0,40}\})?|\b(?:and|or)\b/g, ' ')
      .match(/\p{L}[\p{L}\p{M}]+/gu) ?? [];
  return words.length === 0 && /\d|\\/.test(sentence);
}

/** The last formula that is more than a name. */
function lastFormula(sentence: string): string | null {
  const formulas = [...sentence.matchAll(FORMULA)]
    .map(([, dollars, round, square]) => (dollars ?? round ?? square)!.trim())
    .filter((formula) => /\d|[<>=]|\\pi|\\infty/.test(formula));
  return formulas.at(-1) ?? null;
}

function lastNumber(sentence: string): string | null {
  const behind = [...sentence.matchAll(AFTER_COPULA)].at(-1)?.[1];
  const any = [...sentence.matchAll(ANY_NUMBER)]
    .map(([number]) => number)
    .filter((number) => /\d/.test(number));
  return (behind && /\d/.test(behind) ? behind : any.at(-1))?.trim() ?? null;
}
