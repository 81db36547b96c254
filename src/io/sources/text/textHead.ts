import type { Files } from '../../files/files.js';
import { type TextBlock, readText } from './readText.js';

/** Thrown where the head of a text ends and the text goes on: no reader may take a line or a list that is cut off for a whole one. */
export const HEAD_END: unknown = new Error('the head of a file ends here');

/** The first characters of a text file; of the file no more is read than these need. Throws as `readText` does, and HEAD_END. */
export async function* readTextHead(
  files: Files,
  path: string,
  { encoding, charactersMax }: { encoding?: string | undefined; charactersMax: number },
): AsyncGenerator<TextBlock> {
  let left = charactersMax;
  for await (const { text, faults } of readText(files, path, encoding, charactersMax)) {
    yield text.length > left ? { text: text.slice(0, left), faults } : { text, faults };
    left -= text.length;
    if (left < 0) throw HEAD_END;
  }
}
