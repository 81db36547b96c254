import type { ReplyStream } from './model.js';

/** Tells the pieces of a text, but for an end that may be the beginning of a stop string, and for what follows one. */
export function pieceTeller(stream: ReplyStream, stop: readonly string[]): (piece: string) => void {
  let pending = '';
  let isStopped = false;
  return (piece) => {
    if (isStopped) return;
    pending += piece;
    const found = stop.map((marker) => pending.indexOf(marker)).filter((at) => at >= 0);
    isStopped = found.length > 0;
    const held = Math.max(0, ...stop.map((marker) => overlap(pending, marker)));
    const end = Math.min(pending.length - held, ...found);
    if (end > 0) stream.wrote(pending.slice(0, end));
    pending = pending.slice(end);
  };
}

/** How much of the end of `text` may be the beginning of `marker`. */
function overlap(text: string, marker: string): number {
  for (let length = Math.min(marker.length - 1, text.length); length > 0; length--)
    if (text.endsWith(marker.slice(0, length))) return length;
  return 0;
}
