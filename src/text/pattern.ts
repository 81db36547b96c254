import { RE2JS } from 're2js';

/** Whether a text has a place that fits. */
export type Pattern = (text: string) => boolean;

/**
 * A pattern in the syntax of RE2, which is read in time linear in the text: rows are as long and as hostile as models and files
 * make them, and one text could hold a backtracking engine for hours. There are no look-arounds and no back-references. `(?i)`,
 * `(?m)` and `(?s)` at its start change how it reads. Throws an Error that says what is wrong with it.
 */
export function compilePattern(pattern: string): Pattern {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).find();
}

/** What is wrong with a pattern; null if nothing is. */
export function patternFault(pattern: string): string | null {
  try {
    compilePattern(pattern);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
