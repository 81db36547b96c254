import { ScaleQuestError } from '../../errors.js';
import { readTextFile } from '../../io/files/textFile.js';
import { WORKER_TOKEN_VARIABLE } from './tokenVariable.js';

/** The text of a file that holds a token. Throws ERR_IO_READ. */
export function readTokenFile(path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new ScaleQuestError('ERR_IO_READ', `the token of the workers: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A token from the environment or a file, without the line end behind it. Throws ERR_USAGE for none, or one that is guessed soon. */
export function tokenOf(text: string | undefined): string {
  const token = text?.trim() ?? '';
  if (/^[\x21-\x7e]{16,}$/.test(token)) return token;
  const found = token === '' ? 'no token' : `a token of ${token.length} characters`;
  throw new ScaleQuestError(
    'ERR_USAGE',
    `found ${found}, expected 16 printable characters or more in ${WORKER_TOKEN_VARIABLE} or in the file of --token-file, the same at ` +
      'the run and at its workers',
  );
}
