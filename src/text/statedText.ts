const REASON = /,\s*(?:since|because|so|as)\s|\s(?:since|because)\s/i;
const SENTENCE_END = /[.!?](?=[\s*<]|$)|[。！？]/;
const BULLET = /^[-*•] |^\d{1,2}[.)] /;
const BULLETS_MAX = 20;

/**
 * The answer in what follows a mark: the rest of the sentence without its reasons, a displayed formula as a whole, the items of a list
 * behind a heading, or the rest of a table's cell.
 */
export function statedAfter(mark: string, rest: string): string {
  if (mark.endsWith('|')) return plain(rest.split(/[|\n]/, 1)[0]!);
  const text = rest.replace(/^[\s:：*_]+/, '');
  const displayed = displayedFormula(text);
  if (displayed !== null) return displayed;
  const lines = text.split('\n', BULLETS_MAX);
  if (rest.trimStart().startsWith('- ') && BULLET.test(lines[1] ?? '')) return bulleted(lines);
  const sentence = lines[0]!.split(SENTENCE_END, 1)[0]!.split(REASON, 1)[0]!;
  return afterName(plain(sentence));
}

function displayedFormula(text: string): string | null {
  const display = /^(\$\$|\\\[)/.exec(text);
  if (!display) return null;
  const close = text.indexOf(display[1] === '$$' ? '$$' : '\\]', 2);
  return close > 0 ? text.slice(2, close).trim() : null;
}

function bulleted(lines: readonly string[]): string {
  const end = lines.findIndex((line, at) => at > 0 && !BULLET.test(line));
  return (end < 0 ? lines : lines.slice(0, end)).map((line) => plain(line.replace(BULLET, ''))).join(', ');
}

/** Without bold type, quotes, a formula's dollars and the copula that ends a sentence in Japanese. */
function plain(text: string): string {
  const bare = trimmedOf(text, ' \t\r*_`').replace(/(?:です|である)$/, '');
  const inner = /^\$([^$]+)\$$|^["“]([^"“”]+)["”]$/.exec(bare);
  return (inner?.[1] ?? inner?.[2] ?? bare).trim();
}

/** `The volume of $ABCD$ is 120` as 120. */
function afterName(sentence: string): string {
  const named = /^(?:the|its|their) [^]{1,300}? (?:is|are|equals|=) (?=[-+−$\\([{\d.])/i.exec(
    sentence.slice(0, 400),
  );
  return named ? plain(sentence.slice(named[0].length)) : sentence;
}

/** Without any of these signs at its ends. */
function trimmedOf(text: string, signs: string): string {
  let [start, end] = [0, text.length];
  while (start < end && signs.includes(text[start]!)) start += 1;
  while (end > start && signs.includes(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}
