import type { TextBlock } from './readText.js';
import { type TextRecord, tooLong } from './records.js';

const LINE_END = /\r\n|\n|\r/;

/**
 * The lines of a text, those of a piece together. They end in LF, CR LF or CR. A byte order mark at the start of a line, which
 * joined files have, is left out. In linear time, and in constant memory but for the longest line, of which no more than
 * `lineBytesMax` are kept.
 */
export async function* splitLines(
  blocks: AsyncIterable<TextBlock>,
  lineBytesMax: number,
): AsyncGenerator<TextRecord[]> {
  const open = openLine(lineBytesMax);
  let line = 1;
  for await (const { text, faults } of blocks) {
    const lines = splitText(text);
    const whole: TextRecord[] = [];
    let next = 0;
    for (const [at, each] of lines.entries()) {
      open.add(each);
      while (next < faults.length && faults[next]!.line === at) open.mark(faults[next++]!.message);
      if (at === lines.length - 1) break;
      whole.push({ ...open.take(), line });
      line += 1;
    }
    if (whole.length > 0) yield whole;
  }
  if (!open.isEmpty()) yield [{ ...open.take(), line }];
}

function splitText(text: string): string[] {
  return text.includes('\r') ? text.split(LINE_END) : text.split('\n');
}

/** The line that has not ended yet, in pieces: to join them at each piece would take quadratic time. */
function openLine(bytesMax: number): {
  add(piece: string): void;
  mark(fault: string): void;
  isEmpty(): boolean;
  take(): Omit<TextRecord, 'line'>;
} {
  let pieces: string[] = [];
  let bytes = 0;
  let fault: string | undefined;
  return {
    add(piece) {
      if (piece === '') return;
      // Most lines are one short piece; a character takes at most three bytes.
      bytes += piece.length * 3 <= bytesMax ? piece.length : Buffer.byteLength(piece);
      if (bytes <= bytesMax) pieces.push(piece);
      else {
        pieces = [(pieces[0] ?? piece).slice(0, 200)];
        fault = tooLong(bytesMax);
      }
    },
    mark(message) {
      fault ??= message;
    },
    isEmpty: () => pieces.length === 0,
    take() {
      const joined = pieces.length === 1 ? pieces[0]! : pieces.join('');
      const text = joined.startsWith('\ufeff') ? joined.slice(1) : joined;
      const record = fault === undefined ? { text } : { text, fault };
      pieces = [];
      bytes = 0;
      fault = undefined;
      return record;
    },
  };
}
