/** A text in pieces: plain words, and the TeX of formulas. */
export interface TextPart {
  kind: 'text' | 'inline' | 'display';
  /** Of a formula what stands between its marks. */
  text: string;
  /** As it stood in the text, marks included. */
  source: string;
}

/** Bounds of what is set as a formula: KaTeX takes seconds for twenty thousand letters and throws on thousands of braces. */
export const FORMULA_CHARS_MAX = 2000;
const DEPTH_MAX = 60;
/** Characters of formulas that one text gets set; the others stay as they are. */
const FORMULAS_CHARS_MAX = 12_000;
/** Marks of one text that are looked at: each may cost a search as long as a formula. */
const MARKS_MAX = 2000;

const MARKS = [
  { open: '$$', close: '$$', kind: 'display' },
  { open: '\\[', close: '\\]', kind: 'display' },
  { open: '\\(', close: '\\)', kind: 'inline' },
  { open: '$', close: '$', kind: 'inline' },
] as const;

/**
 * Finds formulas between `$…$`, `$$…$$`, `\(…\)` and `\[…\]`. Of `$` the rule of Pandoc holds, so that prices stay prices: no space
 * inside the marks, and no digit behind the second. A bare `\boxed{…}` is a formula
 * too. What has no end, or is too long or too deep, stays text.
 */
export function mathParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let plainFrom = 0;
  let at = 0;
  let leftChars = FORMULAS_CHARS_MAX;
  const addPlain = (to: number): void => {
    const plain = text.slice(plainFrom, to);
    if (plain !== '') parts.push({ kind: 'text', text: plain, source: plain });
  };
  for (let marks = 0; marks < MARKS_MAX && (at = nextMark(text, at)) < text.length; marks++) {
    if (text[at] === '\\' && text[at + 1] === '$') {
      at += 2;
      continue;
    }
    const found = formulaAt(text, at);
    if (!found) {
      at += text.startsWith('$$', at) ? 2 : 1;
      continue;
    }
    if (found.text.length <= leftChars && isBounded(found.text)) {
      addPlain(at);
      parts.push(found);
      leftChars -= found.text.length;
      plainFrom = at + found.source.length;
    }
    at += found.source.length;
  }
  addPlain(text.length);
  return parts;
}

function nextMark(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOLLAR || code === BACKSLASH) return at;
  }
  return text.length;
}

const DOLLAR = 36;
const BACKSLASH = 92;

function formulaAt(text: string, at: number): TextPart | null {
  if (text.startsWith(BOXED, at)) return boxedAt(text, at);
  const mark = MARKS.find(({ open }) => text.startsWith(open, at));
  if (!mark) return null;
  const from = at + mark.open.length;
  // Looked for in a bounded window: a text of marks without ends must not cost the square of its length.
  const window = text.slice(from, from + FORMULA_CHARS_MAX + 2);
  const length = endOf(window, mark.close);
  if (length === null) return null;
  const inner = window.slice(0, length);
  if (inner.trim() === '' || /\n\s*\n/.test(inner)) return null;
  if (mark.open === '$' && !isDollarFormula(inner, text[from + length + 1])) return null;
  return { kind: mark.kind, text: inner, source: text.slice(at, from + length + mark.close.length) };
}

function endOf(window: string, close: string): number | null {
  for (let at = window.indexOf(close); at >= 0; at = window.indexOf(close, at + 1)) {
    if (close[0] !== '$' || window[at - 1] !== '\\') return at;
  }
  return null;
}

function isDollarFormula(inner: string, after: string | undefined): boolean {
  return !/^\s|\s$/.test(inner) && !(after !== undefined && /\d/.test(after));
}

/** Final answers often stand in a bare box, outside of any formula. */
const BOXED = '\\boxed{';

function boxedAt(text: string, at: number): TextPart | null {
  const window = text.slice(at, at + FORMULA_CHARS_MAX);
  let depth = 1;
  for (let end = BOXED.length; end < window.length; end++) {
    if (window[end] === '{') depth++;
    if (window[end] === '}') depth--;
    if (depth === 0)
      return { kind: 'inline', text: window.slice(0, end + 1), source: window.slice(0, end + 1) };
  }
  return null;
}

/** Braces and commands that open something, as deep as they stand at most. */
function isBounded(tex: string): boolean {
  if (tex.length > FORMULA_CHARS_MAX) return false;
  let depth = 0;
  for (const char of tex) {
    if (char === '{') depth++;
    if (char === '}') depth--;
    if (depth > DEPTH_MAX) return false;
  }
  return true;
}
