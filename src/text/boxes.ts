/** A `\boxed{…}` that is closed and holds no other box. */
export interface Box {
  start: number;
  /** Behind its closing brace. */
  end: number;
  content: string;
}

export interface Boxes {
  /** In the order written. */
  closed: Box[];
  /** Where a box begins that the text does not close; −1 if there is none. */
  unclosedAt: number;
}

/** `\boxed`, `\fbox`, `\framebox[3cm][c]`; and `\boxed` whose first letter was read as an escape on its way. */
const OPENING = /(?:\\(?:boxed|fbox|framebox)|[\b]oxed)(?![A-Za-z])(?:\[[^[\]{}]{0,40}\]){0,2}\s{0,40}\{/y;
/** `\boxed 7`: up to the end of its formula or of its sentence. */
const BARE =
  /\\(?:boxed|fbox)(?=[\s\d\\-]) {0,9}(?!\\(?:boxed|fbox))((?:(?!\$|\n|\\[)\]]|[.,;!?](?:\s|$)| [A-Za-z]{2})[^]){1,80})/y;
const SIGNS = /[{}\\\b]/g;

interface Open {
  /** Where the box begins; −1 for any other brace. */
  start: number;
  inside: number;
  holdsBox: boolean;
}

/** All innermost boxes of a text, in one pass. */
export function boxesOf(text: string): Boxes {
  const closed: Box[] = [];
  const open: Open[] = [];
  let at = nextSign(text, 0);
  while (at >= 0) {
    if (text[at] === '{') open.push({ start: -1, inside: at + 1, holdsBox: false });
    else if (text[at] === '}') close(open, closed, text, at);
    const isPlain = text[at] === '{' || text[at] === '}';
    at = nextSign(text, isPlain ? at + 1 : command(open, closed, text, at));
  }
  return { closed, unclosedAt: open.find(({ start }) => start >= 0)?.start ?? -1 };
}

function nextSign(text: string, from: number): number {
  SIGNS.lastIndex = from;
  return SIGNS.exec(text)?.index ?? -1;
}

function close(open: Open[], closed: Box[], text: string, at: number): void {
  const own = open.pop();
  if (!own) return;
  const isBox = own.start >= 0;
  if (isBox && !own.holdsBox)
    closed.push({ start: own.start, end: at + 1, content: text.slice(own.inside, at).trim() });
  const outer = open.at(-1);
  if (outer) outer.holdsBox ||= isBox || own.holdsBox;
}

/** Takes a box's opening or a bare box, else a backslash with the sign that it escapes. Gives where to go on. */
function command(open: Open[], closed: Box[], text: string, at: number): number {
  OPENING.lastIndex = at;
  if (OPENING.test(text)) {
    open.push({ start: at, inside: OPENING.lastIndex, holdsBox: false });
    return OPENING.lastIndex;
  }
  BARE.lastIndex = at;
  const bare = BARE.exec(text);
  if (!bare) return at + (text[at] === '\\' ? 2 : 1);
  const content = balanced(bare[1]!);
  const end = at + bare[0].length - (bare[1]!.length - content.length);
  if (content.trim() === '') return end;
  closed.push({ start: at, end, content: content.trim() });
  const outer = open.at(-1);
  if (outer) outer.holdsBox = true;
  return end;
}

/** Up to the brace that closes more than was opened. */
function balanced(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}' && --depth < 0) return text.slice(0, at);
  }
  return text;
}
