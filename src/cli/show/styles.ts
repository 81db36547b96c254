import type { WriteStream } from 'node:tty';

/** Marks parts of a text on a terminal that shows colours; otherwise every text stays as it is. */
export interface Styles {
  heading(text: string): string;
  added(text: string): string;
  removed(text: string): string;
  dim(text: string): string;
  warned(text: string): string;
}

/** `hasColors` also asks NO_COLOR and TERM; a pipe or a file has none. */
export function stylesOf(
  stream: Pick<WriteStream, 'isTTY'> & Partial<Pick<WriteStream, 'hasColors'>>,
): Styles {
  const isColoured = stream.isTTY === true && stream.hasColors?.() === true;
  const style = (code: number, end: number) => (text: string) =>
    isColoured ? `\x1b[${code}m${text}\x1b[${end}m` : text;
  return {
    ...{ heading: style(1, 22), dim: style(2, 22) },
    ...{ added: style(32, 39), removed: style(31, 39), warned: style(33, 39) },
  };
}
