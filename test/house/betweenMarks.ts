/**
 * A text with what stands between two lines of it replaced. `npm run docs` prints parts of pages so, and a test holds that they are
 * what the code prints. Throws where the lines are missing.
 */
export function betweenMarks(text: string, [begin, end]: readonly [string, string], printed: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from)
    throw new Error(`found no place for what is printed; expected the lines ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n${printed}\n${text.slice(to)}`;
}
