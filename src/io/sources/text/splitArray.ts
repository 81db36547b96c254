import type { TextBlock } from './readText.js';
import { type TextRecord, tooLong } from './records.js';

/** What can end a string, begin one, or change the depth. */
const MARKS = /["[\]{},]/g;
const IN_STRING = /["\\]/g;

/** What keeps a text from being one JSON array: the records after it would be guesses. */
export class ArrayFault extends Error {
  constructor(
    message: string,
    /** From 1. */
    readonly line: number,
  ) {
    super(message);
  }
}

/**
 * The elements of one JSON array, on one line or many, in linear time and in constant memory but for the longest element, of
 * which no more than `bytesMax` are kept. An element is not checked; the array around them is. Throws ArrayFault.
 */
export async function* splitArray(
  blocks: AsyncIterable<TextBlock>,
  bytesMax: number,
): AsyncGenerator<TextRecord> {
  const scan = openScan();
  let pieces: string[] = [];
  let bytes = 0;
  let fault: string | undefined;
  let line = 1;
  let startLine = 1;
  let count = 0;
  let state: 'before' | 'inside' | 'after' = 'before';

  function add(piece: string): void {
    if (bytes === 0) {
      const space = piece.slice(0, piece.length - piece.trimStart().length);
      startLine = line + lineFeeds(space);
      line += lineFeeds(space);
      piece = piece.slice(space.length);
    }
    line += lineFeeds(piece);
    bytes += Buffer.byteLength(piece);
    if (bytes <= bytesMax) pieces.push(piece);
    else {
      pieces = [(pieces[0] ?? piece).trimStart().slice(0, 200)];
      fault ??= tooLong(bytesMax);
    }
  }

  /** The element that has ended; null for nothing but space. */
  function take(): TextRecord | null {
    const text = pieces.join('').trimEnd();
    const record = { text, line: startLine, ...(fault === undefined ? {} : { fault }) };
    pieces = [];
    bytes = 0;
    fault = undefined;
    return text === '' ? null : record;
  }

  for await (const { text, faults } of blocks) {
    let from = 0;
    if (state === 'before') {
      from = text.search(/[^\s\ufeff]/);
      if (from < 0) {
        line += lineFeeds(text);
        continue;
      }
      line += lineFeeds(text.slice(0, from));
      from += 1;
      state = 'inside';
    }
    for (const { at, mark } of state === 'inside' ? scan(text, from) : []) {
      add(text.slice(from, at));
      from = at + 1;
      if (mark === '}') throw new ArrayFault('found "}" without "{" before it', line);
      const element = take();
      if (element) {
        count += 1;
        yield faultIn(element, faults);
      } else if (mark === ',' || count > 0)
        throw new ArrayFault(`found "${mark}", expected an element of the array`, line);
      if (mark !== ']') continue;
      state = 'after';
      break;
    }
    if (state === 'inside') {
      const piece = text.slice(from);
      add(piece);
      if (faults.length > 0 && piece.includes('\ufffd')) fault ??= faults[0]!.message;
      continue;
    }
    const rest = text.slice(from);
    if (/\S/.test(rest)) {
      const found = JSON.stringify(rest.trim().slice(0, 40));
      throw new ArrayFault(`found ${found} after the end of the array, expected the end of the file`, line);
    }
    line += lineFeeds(rest);
  }
  if (state === 'inside') throw new ArrayFault('found the end of the file within the array, expected "]"', line);
}

/** Bytes that are no text: which of the elements of a piece holds them is not known, so the first one says it. */
function faultIn(element: TextRecord, faults: TextBlock['faults']): TextRecord {
  const [first] = faults;
  return first && element.text.includes('\ufffd') ? { fault: first.message, ...element } : element;
}

/** Finds the marks between the elements: commas and the bracket at depth 0, outside of strings. It goes on from piece to piece. */
function openScan(): (text: string, from: number) => Generator<{ at: number; mark: string }> {
  let depth = 0;
  let isString = false;
  let isEscaped = false;
  return function* scan(text, from) {
    for (let at = from; ; ) {
      if (isEscaped) {
        if (at >= text.length) return;
        isEscaped = false;
        at += 1;
      }
      const pattern = isString ? IN_STRING : MARKS;
      pattern.lastIndex = at;
      const found = pattern.exec(text);
      if (!found) return;
      at = found.index + 1;
      const mark = found[0];
      if (mark === '\\') isEscaped = true;
      else if (mark === '"') isString = !isString;
      else if (mark === '{' || mark === '[') depth += 1;
      else if (depth > 0) depth -= mark === ',' ? 0 : 1;
      else yield { at: found.index, mark };
    }
  };
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
