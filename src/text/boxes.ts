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
const ANY = /\\(?:boxed|fbox|framebox)|[\b]oxed/;

/** Braces that are open, innermost last: where each begins if it is a box's (else −1), where its content does, and if it holds a box. */
interface OpenBraces {
  starts: number[];
  insides: number[];
  holdBoxes: boolean[];
}

/** All innermost boxes of a text, in one pass. */
export function boxesOf(text: string): Boxes {
  const closed: Box[] = [];
  const open: OpenBraces = { starts: [], insides: [], holdBoxes: [] };
  for (let at = ANY.test(text) ? 0 : text.length; at < text.length;) {
    const char = text.charCodeAt(at);
    if (char === OPEN_BRACE) push(open, -1, at + 1);
    else if (char === CLOSE_BRACE) close(open, closed, text, at);
    at = char === BACKSLASH || char === BACKSPACE ? command(open, closed, text, at) : at + 1;
  }
  return { closed, unclosedAt: open.starts.find((start) => start >= 0) ?? -1 };
}

const [OPEN_BRACE, CLOSE_BRACE, BACKSLASH, BACKSPACE] = [0x7b, 0x7d, 0x5c, 0x08];

function push(open: OpenBraces, start: number, inside: number): void {
  open.starts.push(start);
  open.insides.push(inside);
  open.holdBoxes.push(false);
}

function close({ starts, insides, holdBoxes }: OpenBraces, closed: Box[], text: string, at: number): void {
  const [start, inside, holdsBox] = [starts.pop(), insides.pop(), holdBoxes.pop()];
  if (start === undefined) return;
  if (start >= 0 && !holdsBox) closed.push({ start, end: at + 1, content: text.slice(inside, at).trim() });
  if (start >= 0 || holdsBox) markOuter(holdBoxes);
}

function markOuter(holdBoxes: boolean[]): void {
  if (holdBoxes.length > 0) holdBoxes[holdBoxes.length - 1] = true;
}

/** Takes a box's opening or a bare box, else a backslash with the sign that it escapes. Gives where to go on. */
function command(open: OpenBraces, closed: Box[], text: string, at: number): number {
  OPENING.lastIndex = at;
  if (OPENING.test(text)) {
    push(open, at, OPENING.lastIndex);
    return OPENING.lastIndex;
  }
  BARE.lastIndex = at;
  const bare = BARE.exec(text);
  if (!bare) return at + (text[at] === '\\' ? 2 : 1);
  const content = balanced(bare[1]!);
  const end = at + bare[0].length - (bare[1]!.length - content.length);
  if (content.trim() === '') return end;
  closed.push({ start: at, end, content: content.trim() });
  markOuter(open.holdBoxes);
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
