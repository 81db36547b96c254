import { filledRemoved, filledRemover } from '../../../train/environment.js';

/**
 * Prints events as JSON, one a line, on the output stream: what `--progress json` is. `about` stands before what each tells. What
 * the environment filled in is shown by its name.
 */
export function eventPrinter(
  filled: ReadonlyMap<string, string>,
  about: Readonly<Record<string, string>> = {},
  write: (text: string) => void = (text) => void process.stdout.write(text),
): (event: object) => void {
  const clean = filledRemover(filled);
  return (event) => write(`${JSON.stringify(filledRemoved({ ...about, ...event }, clean))}\n`);
}
