import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';

/** Texts as a terminal shows them: a Chinese character or an emoji takes two columns, a combining mark none. */

/** The columns that a text takes. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** A text cut to so many columns, with a mark where it was cut; its colours end with it. */
export function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  const cut = sliceAnsi(text, 0, columns - 1);
  // A wide character at the end counts whole.
  return `${widthOf(cut) < columns ? cut : sliceAnsi(text, 0, columns - 2)}…`;
}

export function padRight(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

export function padLeft(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - widthOf(text))) + text;
}

/** Texts beside each other, in as many lines as that takes. */
export function flowed(texts: readonly string[], columns: number, between = ' · '): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    const joined = last === undefined ? text : last + between + text;
    if (last !== undefined && widthOf(joined) <= columns) lines[lines.length - 1] = joined;
    else lines.push(cutTo(text, columns));
  }
  return lines;
}

/** A column of a table. One of a higher `rank` is left out sooner where the terminal is narrow. */
export interface TableColumn {
  title: string;
  cells: readonly string[];
  rank: number;
}

const GAP = 2;
/** The first column is not cut below this before others are left out. */
const NAME_COLUMNS_MIN = 10;

/** The lines of a table that is no wider than the terminal: the first column names the rows, the others are numbers. */
export function fittedTable(given: readonly TableColumn[], columns: number): string[] {
  const shown = [...given];
  const [first] = shown;
  if (!first) return [];
  const room = (): number => columns - shown.slice(1).reduce((sum, one) => sum + GAP + widestOf(one), 0);
  while (shown.length > 1 && room() < Math.min(widestOf(first), NAME_COLUMNS_MIN)) {
    const last = Math.max(...shown.slice(1).map(({ rank }) => rank));
    shown.splice(
      shown.findLastIndex(({ rank }, at) => at > 0 && rank === last),
      1,
    );
  }
  const names = Math.max(1, Math.min(widestOf(first), room()));
  const others = shown.slice(1);
  const line = (textOf: (column: TableColumn) => string): string =>
    [
      padRight(cutTo(textOf(first), names), names),
      ...others.map((column) => padLeft(textOf(column), widestOf(column))),
    ].join(' '.repeat(GAP));
  return [line(({ title }) => title), ...first.cells.map((_, at) => line(({ cells }) => cells[at]!))];
}

function widestOf({ title, cells }: TableColumn): number {
  return Math.max(...[title, ...cells].map(widthOf));
}

/** The first lines of a table, and how many there are more. */
export function cutLines(lines: readonly string[], linesMax: number): string[] {
  if (lines.length <= linesMax) return [...lines];
  if (linesMax < 2) return [];
  return [...lines.slice(0, linesMax - 1), `… ${lines.length - linesMax + 1} more`];
}
