import type { WriteStream } from 'node:tty';
import { createLogUpdate } from 'log-update';
import { widthOf } from '../fit.js';

/** Lines that are drawn over in place. */
export interface DrawnBlock {
  draw(lines: readonly string[]): void;
  /** Writes a line for good, above what is drawn. */
  say(line: string): void;
  end(isKept: boolean): void;
}

/** The cursor is never hidden: a program that is killed would leave a terminal without one. */
export function drawBlock(stream: Pick<WriteStream, 'write' | 'columns' | 'rows' | 'isTTY'>): DrawnBlock {
  const update = createLogUpdate(stream as WriteStream, { showCursor: true });
  let drawn: readonly string[] = [];
  let drawnColumns = 0;

  function draw(lines: readonly string[]): void {
    if (drawn.length > 0 && stream.columns < drawnColumns) clearWrapped();
    // log-update (7.2.0) leaves equal lines at the end where they are, also where they have moved.
    else if (drawn.length > 0 && drawn.length !== lines.length) update.clear();
    drawn = lines;
    drawnColumns = stream.columns;
    if (drawn.length > 0) update(drawn.join('\n'));
  }

  /** A terminal that gets narrower wraps what is drawn already: it takes more lines than were drawn. */
  function clearWrapped(): void {
    const linesNow = drawn.map((line) => Math.max(1, Math.ceil(widthOf(line) / stream.columns)));
    const more = linesNow.reduce((sum, count) => sum + count - 1, 0);
    update.clear();
    stream.write(`${UP_AND_ERASE.repeat(Math.min(more, stream.rows))}\r`);
  }

  function clear(): void {
    if (stream.columns < drawnColumns) clearWrapped();
    else update.clear();
    drawnColumns = stream.columns;
  }

  return {
    draw,
    say(line) {
      const lines = drawn;
      if (lines.length > 0) clear();
      drawn = [];
      stream.write(`${line}\n`);
      draw(lines);
    },
    end(isKept) {
      if (!isKept && drawn.length > 0) clear();
      drawn = [];
      update.done();
    },
  };
}

const UP_AND_ERASE = '\x1b[1A\x1b[2K';
