import { Lexer } from 'yaml';

/** A pipeline file is some kilobytes long. Whatever is far beyond that is another file, and would take seconds to parse. */
const CHARS_MAX = 1 << 20;
/** Words, marks, spaces and line ends: about 4,000 keys. Shipped files have up to 3,000. */
const TOKENS_MAX = 20_000;

/** What no YAML file may hold, but a file of another kind does. Lines end in LF, CR LF or CR. */
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]/;

/** Says what is wrong with a text before it is parsed, and in which line; null if nothing is. */
export function textFault(text: string): { line: number; message: string } | null {
  const control = CONTROL.exec(text);
  if (control) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    const message = `found the character U+${code}, which no text has; expected a YAML file. Is it a file of another kind?`;
    return { line: linesIn(text.slice(0, control.index)) + 1, message };
  }
  if (text.length > CHARS_MAX) {
    const message =
      `found ${text.length} characters, expected at most ${CHARS_MAX}: no pipeline file is so long. ` +
      'Rows belong into a data file';
    return { line: 1, message };
  }
  let tokens = 0;
  let lines = 0;
  for (const token of new Lexer().lex(text)) {
    lines += linesIn(token);
    if (++tokens <= TOKENS_MAX) continue;
    const message =
      `found more than ${TOKENS_MAX} words and marks up to this line, expected fewer: no pipeline file is so long. ` +
      'Rows belong into a data file';
    return { line: lines + 1, message };
  }
  return null;
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
