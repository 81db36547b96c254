/** Tells numbers from objects of the file that look like one: no file has a symbol for a key. */
const IS_EXACT = Symbol('exact number');

/** A number as it is written, where a JavaScript number would not tell all its digits. */
export interface ExactNumber {
  digits: string;
  [IS_EXACT]: true;
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return typeof value === 'object' && value !== null && (value as Partial<ExactNumber>)[IS_EXACT] === true;
}

export function exactNumber(digits: string): ExactNumber {
  return { digits, [IS_EXACT]: true };
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null|NaN|-?Infinity/y;
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
]);

type Container =
  { kind: 'list'; items: unknown[] } | { kind: 'record'; entries: Map<string, unknown>; key: string };

/** What is left of a text, read from left to right. */
interface Scan {
  /** What matches here; null, and nothing is read, where nothing does. */
  match(pattern: RegExp): string | null;
  /** Skips space, and the mark if it stands there. */
  take(mark: string): boolean;
  expect(mark: string): void;
  string(): string;
  /** Throws SyntaxError where something is left. */
  end(): void;
}

function openScan(text: string): Scan {
  let at = 0;
  const fail = (what: string): SyntaxError => new SyntaxError(`expected ${what} at character ${at}`);

  function match(pattern: RegExp): string | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) return null;
    at = pattern.lastIndex;
    return found[0];
  }

  function take(mark: string): boolean {
    match(SPACE);
    if (text[at] !== mark) return false;
    at += 1;
    return true;
  }

  function expect(mark: string): void {
    if (!take(mark)) throw fail(mark);
  }

  function string(): string {
    match(SPACE);
    const end = endOfString(text, at);
    const value = JSON.parse(text.slice(at, end)) as string;
    at = end;
    return value;
  }

  function end(): void {
    match(SPACE);
    if (at < text.length) throw fail('the end');
  }

  return { match, take, expect, string, end };
}

/**
 * JSON in linear time, whatever its depth, with each number as it is written (ExactNumber). NaN and Infinity, which Python
 * writes, are null. Objects come without a prototype, so that any key is a key; of two same keys the last counts, as in
 * JSON.parse. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  const scan = openScan(text);
  const open: Container[] = [];
  for (;;) {
    let done = readValue(scan, open);
    if (done === undefined) continue;
    for (;;) {
      const into = open.at(-1);
      if (!into) {
        scan.end();
        return done;
      }
      if (into.kind === 'list') into.items.push(done);
      else into.entries.set(into.key, done);
      if (scan.take(',')) {
        if (into.kind === 'record') readKey(scan, into);
        break;
      }
      scan.expect(into.kind === 'list' ? ']' : '}');
      open.pop();
      done = into.kind === 'list' ? into.items : recordOf(into.entries);
    }
  }
}

/** A value that is no container; `undefined` where one has begun and its first item comes next. */
function readValue(scan: Scan, open: Container[]): unknown {
  if (scan.take('[')) {
    if (scan.take(']')) return [];
    open.push({ kind: 'list', items: [] });
    return undefined;
  }
  if (scan.take('{')) {
    if (scan.take('}')) return Object.create(null);
    const record: Container = { kind: 'record', entries: new Map(), key: '' };
    open.push(record);
    readKey(scan, record);
    return undefined;
  }
  const word = scan.match(WORD);
  if (word !== null) return WORDS.get(word) ?? null;
  const digits = scan.match(NUMBER);
  return digits === null ? scan.string() : exactNumber(digits);
}

function readKey(scan: Scan, into: Container & { kind: 'record' }): void {
  into.key = scan.string();
  scan.expect(':');
}

function recordOf(entries: ReadonlyMap<string, unknown>): unknown {
  const record = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) record[key] = value;
  return record;
}

/** Just behind the closing quote of the string that begins at `start`; throws where there is none. */
function endOfString(text: string, start: number): number {
  if (text[start] !== '"') throw new SyntaxError(`expected a string at character ${start}`);
  for (let at = start + 1; ; at += 1) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new SyntaxError('expected the end of a string');
    let slashes = 0;
    while (text[quote - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote;
  }
}
