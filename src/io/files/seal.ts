import { createHash } from 'node:crypto';

/**
 * Checksums inside small files of ours, so that a changed bit is noticed: a file beside them could not change in the same moment.
 * A checksum is taken over the text as it stands, never over a value that was read and printed again.
 */

/** What a sealed object says, and whether its checksum holds. */
export interface Opened {
  /** The text without its checksum. */
  body: string;
  /** The checksum; null where there is none. */
  check: string | null;
  isWhole: boolean;
}

const HEX = '[0-9a-f]{64}';
const LAST_KEY = new RegExp(`(,|,\\n {2})"check":( ?)"(${HEX})"(\\n?)\\}$`);

/**
 * Adds `check` as the last key of an object's JSON text, which has a key already: the SHA-256 of `before` and of the text
 * without it. `before` is the checksum of the line before where lines follow each other, so that none can be lost between them.
 */
export function sealJson(text: string, before = ''): string {
  const check = hashText(before + text);
  return text.endsWith('\n}')
    ? `${text.slice(0, -2)},\n  "check": "${check}"\n}`
    : `${text.slice(0, -1)},"check":"${check}"}`;
}

/** Opens what `sealJson` has made. */
export function openJson(text: string, before = ''): Opened {
  const found = LAST_KEY.exec(text);
  if (!found) return { body: text, check: null, isWhole: false };
  const [all, comma, space, check, end] = found;
  const body = `${text.slice(0, -all.length)}${end}}`;
  const isShape = comma === ',' ? space === '' && end === '' : space === ' ' && end === '\n';
  return { body, check: check!, isWhole: isShape && check === hashText(before + body) };
}

/** Where the first sealed object of a text ends; null where none ends in it. */
export function endOfSealed(text: string): number | null {
  const found = new RegExp(`,"check":"${HEX}"\\}`).exec(text);
  return found && found.index + found[0].length;
}

const COMMENT = '# sha256 of the other lines: ';
const COMMENT_LINE = new RegExp(`^${COMMENT}(${HEX})\\n`, 'm');

/** Puts a comment with a checksum of all other lines into a YAML text, or a Markdown text with a YAML head, as its second line. */
export function sealText(text: string): string {
  const at = text.indexOf('\n') + 1;
  return `${text.slice(0, at)}${COMMENT}${hashText(text)}\n${text.slice(at)}`;
}

/** Opens what `sealText` has made. */
export function openText(text: string): Opened {
  const at = text.indexOf('\n') + 1;
  const found = COMMENT_LINE.exec(text.slice(at));
  if (found?.index !== 0) return { body: text, check: null, isWhole: false };
  const body = text.slice(0, at) + text.slice(at + found[0].length);
  return { body, check: found[1]!, isWhole: found[1] === hashText(body) };
}

const LAST_COMMENT = new RegExp(`<!-- sha256 of what is before: (${HEX}) -->\\n$`);

/** Puts a checksum of an HTML page behind it, as a comment. */
export function sealHtml(page: string): string {
  return `${page}<!-- sha256 of what is before: ${hashText(page)} -->\n`;
}

/** Opens what `sealHtml` has made. */
export function openHtml(text: string): Opened {
  const found = LAST_COMMENT.exec(text);
  if (!found) return { body: text, check: null, isWhole: false };
  const body = text.slice(0, -found[0].length);
  return { body, check: found[1]!, isWhole: found[1] === hashText(body) };
}

/** Texts are read as UTF-8. A flipped bit that makes it invalid gives another text, so nothing is lost by hashing texts. */
function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
