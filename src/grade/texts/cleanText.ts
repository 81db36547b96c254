import { closingBrace } from '../../text/closingBrace.js';
import { DIGIT_GROUPS } from './digitGroups.js';
import { plainChars } from './plainChars.js';

/** Writings that mean the same, brought to one before an answer is read. Every pattern is linear. */

/** [pattern, replacement], applied in order. */
const SIZES = new Map([
  ['k', 'thousand'],
  ['K', 'thousand'],
  ['M', 'million'],
  ['B', 'billion'],
  ['bn', 'billion'],
]);

const BASIS_MARK = String.raw`\\(?:mathbf|boldsymbol|bm|vec|hat|widehat|overrightarrow)`;
/** `\mathbf{i}`, `\hat{\imath}`, `\hat{\mathbf{k}}` */
const MARKED_BASIS = String.raw`${BASIS_MARK} ?\{ ?(?:${BASIS_MARK} ?\{? ?)?\\?([ijk])(?:math)? ?\}(?: ?\}){0,2}`;
const BARE_BASIS = String.raw`\\(?:hat|vec) ?([ijk])(?![A-Za-z])|\\(?:hat|vec) ?\\([ij])math(?![A-Za-z])`;

const REWRITES: readonly [RegExp, string | ((found: string, ...groups: string[]) => string)][] = [
  // Vectors of the basis, before upright and bold letters become one.
  [new RegExp(`${MARKED_BASIS}|${BARE_BASIS}`, 'g'), '\\hat{$1$2$3}'],
  // Marks without braces.
  [/\\(vec|hat|bar|tilde|dot|ddot) ([A-Za-z])(?![A-Za-z])/g, '\\$1{$2}'],
  [/\\(?:overrightarrow|widevec) ?\{/g, '\\vec{'],
  [/\\widehat ?\{/g, '\\hat{'],
  // Greek letters of units.
  [
    /(?<=\d(?: |~|\\[, ;:])?(?:\\text\{ ?)?)(?:μ|\\mu) ?(?:\\(?:text|mathrm|rm) ?\{ ?)?(mol|[mgsFAVLHWJCNT])(?![A-Za-z])(?: ?\})?/g,
    '\\text{ μ$1}',
  ],
  [
    /(?<=\d(?: |~|\\[, ;:])?)(?:\\(?:text|mathrm) ?\{ ?)?([kM]?)(?: ?\})? ?(?:Ω|\\Omega)(?! ?[A-Za-z\\_^=(])/g,
    '\\text{ $1Ω}',
  ],
  [/(?<=\d ?)\\ce ?\{|\\ce ?\{/g, '\\text{'],
  // The sign of an integral's variable.
  [
    /\\(?:mathrm|text|operatorname) ?\{ ?d ?\} ?(?=\\?[A-Za-z])|\\(?:mathrm|rm) d(?=[A-Za-z])|\\differentialD ?(?=\\?[A-Za-z])/g,
    ' d ',
  ],
  [/(?<![A-Za-z\\])d ?\/ ?d([a-z])(?= ?[([\\]| ?[a-z]\^)/g, '\\frac{d}{d$1}'],
  // Congruences.
  [/\( ?\\?(?:text ?\{ ?)?(?:b|p)?mod(?:ulo)? ?\}? ?\{?(\d{1,30}|[a-z])\}? ?\)/g, '\\pmod{$1}'],
  [/\\pod ?\{([^{}]{1,40})\}/g, '\\pmod{$1}'],
  [/(?<=[\d}) ])\\?(?:text ?\{ ?)?(?<!\\[bp])mod(?:ulo)? ?\}? ?(?=\d)/g, '\\bmod '],
  [/\\?(?:\\not ?= ?|\\not\{=\})/g, '\\ne '],
  [/\\m?(?:left|right|middle)\s*\./g, ''],
  [/\\(?:m?left|m?right|middle|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits)(?![A-Za-z])/g, ''],
  // The letter behind may be glued to it.
  [/\\(?:quad|qquad|enspace|hfill|allowbreak|(?:thin|med|thick)space)(?![A-Za-z]{2})/g, ' '],
  [/\\neg(?:thin|med|thick)?space(?![A-Za-z])/g, ''],
  // Colours and lines say nothing.
  [/\\(?:text)?color(?:box)? ?(?:\[[^[\]{}]{0,20}\])? ?\{[^{}]{0,40}\}/g, ''],
  [/\\(?:underline|ensuremath|mathop|mathord) ?\{/g, '{'],
  [/, ?\\! ?/g, ','],
  [/(?<!\\)\\[,;:> ]|~|&nbsp;/g, ' '],
  [/(?<!\\)\\!|\\(?:h|v)space\*?\{[^{}]*\}/g, ''],
  // `1{,}234` has thousands; `2{,}5` is how French writes 2.5.
  [/(?<=\d)\{,\}(?!\d{3}(?!\d))(?=\d)|(?<=(?<![\d.,}])0)\{,\}(?=\d)/g, '.'],
  [/\{,\}/g, ','],
  [/\\[dtc]frac(?![A-Za-z])/g, '\\frac'],
  [/\\[dt]binom(?![A-Za-z])/g, '\\binom'],
  [
    /\\(?:text[a-z]*|mbox|hbox|mathrm|mathsf|mathit|mathbf|bm|boldsymbol|operatorname\*?|rm)\s*\{/g,
    '\\text{',
  ],
  [/\\(?:mathrm|mathsf|mathit|mathbf|bm|boldsymbol) ([A-Za-z\d])/g, '\\text{$1}'],
  [/\\(?:leqslant|leq)(?![A-Za-z])/g, '\\le'],
  [/\\(?:geqslant|geq)(?![A-Za-z])/g, '\\ge'],
  [/\\(?:neq)(?![A-Za-z])/g, '\\ne'],
  [/===?/g, '='],
  [/<=/g, '\\le '],
  [/>=/g, '\\ge '],
  [/!=/g, '\\ne '],
  [/\\lt(?![A-Za-z])/g, '<'],
  [/\\gt(?![A-Za-z])/g, '>'],
  [/\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))|\\degrees?(?![A-Za-z])/g, '\\deg '],
  // Minutes and seconds of an angle.
  [/(?<=\\deg {0,3})(\d{1,2}(?:\.\d{1,9})?) ?'(?!')/g, '$1\\text{ arcminute} '],
  [/(?<=\\text\{ arcminute\} {1,3})(\d{1,2}(?:\.\d{1,9})?) ?(?:''|")/g, '$1\\text{ arcsecond}'],
  [/\\(?:varnothing)(?![A-Za-z])/g, '\\emptyset'],
  [/\\(?:[lr]?[vV]ert)(?![A-Za-z]{2})|\\\|/g, '|'],
  [/\\lgroup(?![A-Za-z])/g, '('],
  [/\\rgroup(?![A-Za-z])/g, ')'],
  [/\^ ?(?:\{ ?\\prime ?\}|\\prime(?![A-Za-z]))/g, "'"],
  [/\\(?:lbrace)(?![A-Za-z])/g, '\\{'],
  [/\\(?:rbrace)(?![A-Za-z])/g, '\\}'],
  [/\\(?:lbrack)(?![A-Za-z])/g, '['],
  [/\\(?:rbrack)(?![A-Za-z])/g, ']'],
  [/\\(?:bigcup)(?![A-Za-z])/g, '\\cup'],
  [/\\llcorner(?![A-Za-z])/g, '\\lfloor '],
  [/\\lrcorner(?![A-Za-z])/g, '\\rfloor '],
  [/\\ulcorner(?![A-Za-z])/g, '\\lceil '],
  [/\\urcorner(?![A-Za-z])/g, '\\rceil '],
  [/\\exponentialE(?![A-Za-z])/g, 'e '],
  [/\\imaginary[IJ](?![A-Za-z])/g, 'i '],
  [/\\(?:backslash)(?![A-Za-z])/g, '\\setminus'],
  [/\\mathbb\s*(?:\{\s*R\s*\}|R(?![A-Za-z]))|\\Reals?(?![A-Za-z])/g, '\\reals '],
  [/\\mathbb\s*(?:\{\s*Z\s*\}|Z(?![A-Za-z]))|ℤ/g, '\\integers '],
  [/\\mathbb\s*(?:\{\s*N\s*\}|N(?![A-Za-z]))|ℕ/g, '\\naturals '],
  [/(?<=\\reals ?)-(?= ?\\\{)/g, '\\setminus '],
  [/\*\*/g, '^'],
  [/\+ ?\/ ?-/g, '\\pm '],
  // `3.2 x 10^5`
  [/(?<=\d) ?[xX] ?(?=10 ?\^)/g, '\\times '],
  // Derivatives are names, and no products of d.
  [
    /\\frac ?\{ ?d ?([A-Za-z]) ?\} ?\{ ?d ?[A-Za-z] ?\}|(?<![A-Za-z\\])d([A-Za-z]) ?\/ ?d[A-Za-z](?![A-Za-z])/g,
    "$1$2'",
  ],
  [/\\frac ?\{ ?d ?\^ ?\{?2\}? ?([A-Za-z]) ?\} ?\{ ?d ?[A-Za-z] ?\^ ?\{?2\}? ?\}/g, "$1''"],
  [/\\frac ?\{ ?\\partial ?([A-Za-z]) ?\} ?\{ ?\\partial ?([A-Za-z]) ?\}/g, '$1_{$2}'],
  [/^[Øø⌀]$/, '\\emptyset'],
  // As Python prints a matrix.
  [/^(?:[a-z]{2,5}\.)?(?:Matrix|array)\( ?(\[.*\]) ?\)$/, '$1'],
  // A bullet between two values; one before an item of a list says nothing.
  [/(?<=[^ ] ?)[•∙](?= ?[^ ])/g, '\\cdot '],
  // `(0,1) U (2,3)`
  [/(?<=[)\]]) ?U ?(?=[([])/g, '\\cup '],
  [/\{([^{}]*)\\choose(?![A-Za-z])([^{}]*)\}/g, '\\binom{$1}{$2}'],
  [/^([^{}]*)\\choose(?![A-Za-z])([^{}]*)$/, '\\binom{$1}{$2}'],
  [/(?<![A-Za-z])([AaPp])\. ?([Mm])(?![A-Za-z])\.?/g, '$1$2'],
  [/(?<![A-Za-z])(?:US|A|C|AU|CA|NZ|HK|S) ?(?=\\dollar)/g, ''],
  [/(?<![A-Za-z])Rs\.? ?(?=\d)/g, '\\rupee '],
  // `\$1.2M`, `£3k`
  [
    /(\\(?:dollar|euro|pound|rupee) ?\d{1,12}(?:\.\d{1,6})?) ?(k|K|M|B|bn)(?![A-Za-z\d])/g,
    (_, money: string, size: string) => `${money} ${SIZES.get(size)}`,
  ],
  [/(?<=^\d{1,9}) ?p$/g, '\\text{ pence}'],
  [/^([-+]) ?(\\(?:dollar|euro|pound|yen|rupee)) ?(?=\d)/, '$2 $1'],
  [/‰/g, '\\text{ per mille}'],
  [/∶/g, ':'],
  [/(?<=\d (?:year|month|week|day)s?) old\b/g, ''],
  // Units shortened with a full stop.
  [/(?<=(?:^|[^A-Za-z\\])(?:sq|cu|ft|in|yd|mi|hrs?|min|sec|lbs?|oz|gal))\.(?= ?[A-Za-z}/]| \d|$)/g, ''],
];

/** An answer without dressing: delimiters of maths, spacing, sizes, boxes, bold type, a full stop at its end. */
export function cleanText(answer: string): string {
  let text = plainChars(answer.normalize('NFC')).trim();
  text = trimSpacing(text)
    // Dots at the end of an answer say nothing; those behind repeating digits do.
    .replace(/(\.\d{0,40}?(?:(\d)\2{2,60}|(\d{2,6})\3{1,30})) ?\.\.\./g, '$1\\ldots ')
    .replace(/(?<=[,+] ?)(?:\.\.\.|…)/g, '\\ldots ')
    .replace(/[.,;:]+$/, '')
    .replace(/^\*\*([^*]+)\*\*$/, '$1')
    .replace(/^(`{1,3})([^`]+)\1$/, '$2')
    .trim();
  text = unbox(stripMathDelimiters(text).trim());
  // Escaped twice on its way through JSON; in a matrix two backslashes end a row.
  if (!text.includes('\\begin')) text = text.replace(/\\\\(?=[A-Za-z{}])/g, '\\');
  text = text.replace(/\s+/g, ' ');
  for (const [pattern, replacement] of REWRITES) text = text.replace(pattern, replacement as string);
  if (CONDITION.test(text))
    text = text
      .replace(/\\(?:lor|vee)(?![A-Za-z])/g, ' or ')
      .replace(/\\(?:land|wedge)(?![A-Za-z])/g, ' and ')
      .replace(/(?<=[\d}] ?)\\cup(?= ?[a-z] ?(?:[<>]|\\[lg]e))/g, ' or ')
      .replace(/\\ne ?(-?\d{1,20}) ?, ?(?=-?\d{1,20}$)/g, '\\ne $1, x\\ne ');
  for (const [pattern, replacement] of DIGIT_GROUPS)
    text = text.replace(pattern, replacement as (found: string) => string);
  text = text.replace(/\s+/g, ' ').trim();
  text = text.replace(/[.,;:]+$/, '').trim();
  if (text.endsWith('\\')) text = text.slice(0, -1).trim();
  const inner = wholeText(text);
  return inner === null || inner === answer ? text : cleanText(inner);
}

/** Where it is one, “or” and its signs part conditions. */
const CONDITION = /[<>]|\\(?:le|ge|ne)(?![A-Za-z])/;

const SPACING_END = /(?:\\[,;:!> ]|\\q?quad|\\$|\s)$/;

/** Without spacing commands at its end: the sign of one is not the end of a sentence. */
function trimSpacing(text: string): string {
  let end = text;
  for (let found = SPACING_END.exec(end); found; found = SPACING_END.exec(end))
    end = end.slice(0, found.index);
  return end;
}

/** `$…$`, `\(…\)`, `\[…\]` stand for nothing; a dollar sign before a number and no second one is money. */
function stripMathDelimiters(text: string): string {
  const plain = text.replace(/\\[()[\]]/g, (found, at: number) => (text[at - 1] === '\\' ? found : ' '));
  const dollars = plain.replaceAll('\\$', '').split('$').length - 1;
  const money = plain.replaceAll('\\$', '\\dollar ');
  if (dollars % 2 === 1) return money.replace(/\$(?=\s*[\d.])/, '\\dollar ').replaceAll('$', '');
  return money.replaceAll('$', '');
}

function unbox(text: string): string {
  if (text.startsWith('{') && closingBrace(text, 0) === text.length - 1)
    return unbox(text.slice(1, -1).trim());
  const found = /^\\(?:boxed|fbox)\s*\{/.exec(text);
  if (!found || closingBrace(text, found[0].length - 1) !== text.length - 1) return text;
  return unbox(stripMathDelimiters(text.slice(found[0].length, -1)).trim());
}

/** Null unless the text is one `\text{…}` and nothing else. */
function wholeText(text: string): string | null {
  const open = '\\text{';
  if (!text.startsWith(open) || closingBrace(text, open.length - 1) !== text.length - 1) return null;
  return text.slice(open.length, -1);
}

/** For comparing words: letters and numbers with their sign and point, in lower case. */
export function wordsOf(text: string): string {
  return (
    text
      .replace(/\\text\{/g, ' ')
      .replace(/[{}$"'“”,;:!?()]|\.(?!\d)|\\[,;:! ]/g, ' ')
      // A hyphen joins words; before a number, and not behind one, a minus.
      .replace(/(?<=[A-Za-z\d])-|-(?!\s*[\d.\\])|[_\s]+/g, ' ')
      .replace(/ +/g, ' ')
      .trim()
      .toLowerCase()
      .replace(/^(?:the|a|an) /, '')
  );
}
