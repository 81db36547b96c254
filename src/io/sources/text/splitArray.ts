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
  const open = openElement(bytesMax);
  let count = 0;
  let state: 'before' | 'inside' | 'after' = 'before';

  for await (const { text, faults } of blocks) {
    let from = 0;
    if (state === 'before') {
      from = text.search(/[^\s\ufeff]/);
      if (from < 0) {
        open.pass(text);
        continue;
      }
      open.pass(text.slice(0, from));
      from += 1;
      state = 'inside';
    }
    for (const { at, mark } of state === 'inside' ? scan(text, from) : []) {
      open.add(text.slice(from, at));
      from = at + 1;
      if (mark === '}') throw new ArrayFault('found "}" without "{" before it', open.line());
      const element = open.take();
      if (element) {
        count += 1;
        yield faultIn(element, faults);
      } else if (mark === ',' || count > 0)
        throw new ArrayFault(`found "${mark}", expected an element of the array`, open.line());
      if (mark !== ']') continue;
      state = 'after';
      break;
    }
    if (state === 'inside') {
      const piece = text.slice(from);
      open.add(piece);
      if (faults.length > 0 && piece.includes('\ufffd')) open.mark(faults[0]!.message);
      continue;
    }
    const rest = text.slice(from);
    if (/\S/.test(rest)) {
      const found = JSON.stringify(rest.trim().slice(0, 40));
      const space = rest.slice(0, rest.length - rest.trimStart().length);
      throw new ArrayFault(
        `found ${found} after the end of the array, expected the end of the file`,
        open.line() + lineFeeds(space),
      );
    }
    open.pass(rest);
  }
  if (state === 'inside')
    throw new ArrayFault('found the end of the file within the array, expected "]"', open.line());
}

/** The element that has not ended yet, in pieces, and the line that the reading has come to. */
function openElement(bytesMax: number): {
  add(piece: string): void;
  /** Text that is no part of an element. */
  pass(text: string): void;
  mark(fault: string): void;
  line(): number;
  /** The element that has ended; null for nothing but space. */
  take(): TextRecord | null;
} {
  let pieces: string[] = [];
  let bytes = 0;
  let fault: string | undefined;
  let line = 1;
  let startLine = 1;
  return {
    add(added) {
      const piece = bytes === 0 ? added.trimStart() : added;
      if (bytes === 0) startLine = line + lineFeeds(added.slice(0, added.length - piece.length));
      line += lineFeeds(added);
      bytes += Buffer.byteLength(piece);
      if (bytes <= bytesMax) pieces.push(piece);
      else {
        pieces = [(pieces[0] ?? piece).slice(0, 200)];
        fault ??= tooLong(bytesMax);
      }
    },
    pass(text) {
      line += lineFeeds(text);
    },
    mark(message) {
      fault ??= message;
    },
    line: () => line,
    take() {
      const text = pieces.join('').trimEnd();
      const record = { text, line: startLine, ...(fault === undefined ? {} : { fault }) };
      pieces = [];
      bytes = 0;
      fault = undefined;
      return text === '' ? null : record;
    },
  };
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
    for (let at = from; ;) {
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
