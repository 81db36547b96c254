import type { WriteStream } from 'node:tty';
import type { DrawnBlock } from './run/drawBlock.js';
import type { Output, ProgressMode } from './output.js';
import { stylesOf } from './styles.js';

/**
 * Progress goes to the error stream. The output stream is for results that other programs read; with `json` these are the events.
 * Only a terminal that can move its cursor is drawn on: to be one is not enough, and `bars` for anything else are lines.
 */
export async function openOutput(
  wanted: ProgressMode | undefined,
  stream: WriteStream = process.stderr,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Output> {
  const canDraw = isDrawable(stream, env);
  const mode = wanted === undefined || wanted === 'bars' ? modeOf(wanted, canDraw, env) : wanted;
  const block = mode === 'bars' ? await openBlock(stream) : null;
  return {
    mode,
    say(line) {
      if (block) block.say(line);
      else if (mode === 'lines') stream.write(`${line}\n`);
    },
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    styles: stylesOf(stream),
    draw: (lines) => block?.draw(lines),
    endDrawing: (isKept) => block?.end(isKept),
    nowMs: () => performance.now(),
    every(periodMs, tick) {
      const timer = setInterval(tick, periodMs);
      return () => clearInterval(timer);
    },
  };
}

type Env = Readonly<Record<string, string | undefined>>;

/** A terminal of no size, as some programs open, shows nothing that is drawn. */
function isDrawable({ isTTY, columns, rows }: WriteStream, { TERM }: Env): boolean {
  return isTTY === true && TERM !== 'dumb' && columns > 0 && rows > 0;
}

function modeOf(wanted: 'bars' | undefined, canDraw: boolean, { CI }: Env): ProgressMode {
  const isCi = CI !== undefined && CI !== '' && CI !== 'false' && CI !== '0';
  return canDraw && (wanted === 'bars' || !isCi) ? 'bars' : 'lines';
}

let drawnOn: { say(line: string): void } | null = null;

/** A line on the error stream, above what is drawn there. */
export function sayAbove(line: string): void {
  if (drawnOn) drawnOn.say(line);
  else process.stderr.write(`${line}\n`);
}

async function openBlock(stream: WriteStream): Promise<DrawnBlock> {
  const { drawBlock } = await import('./run/drawBlock.js');
  const block = drawBlock(stream);
  return {
    draw(lines) {
      drawnOn = block;
      block.draw(lines);
    },
    say: block.say,
    end(isKept) {
      block.end(isKept);
      if (drawnOn === block) drawnOn = null;
    },
  };
}
