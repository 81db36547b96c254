import { getSystemErrorName } from 'node:util';
import { type Clock, systemClock } from '../../clock.js';
import { ScaleQuestError } from '../../errors.js';
import { fileError } from '../../io/files/files.js';
import { STORE_DATA_FILE } from './fileNames.js';

/** What can go wrong with a store, as errors that say what to do. */

export function foreign(path: string, why: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_STORE_FOREIGN',
    `${path} is not a store of replies: ${why}. Nothing in it was changed; name another folder in \`store\``,
    { data: { path } },
  );
}

/** The store's data file is not what it was. */
export function lost(path: string, why: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_STORE_DAMAGED',
    `the store ${path} ${why}. Restore it from a copy, or move it away and let a new one be made: its replies are then ` +
      'asked again',
    { data: { path } },
  );
}

export function damaged(path: string, at: Buffer): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_STORE_DAMAGED',
    `the store ${path} has a damaged block of replies (${at.toString('hex')}), expected one whose checksum is right. ` +
      `\`scalequest store ${path} --prune-damaged\` removes what cannot be read; those replies are then asked again`,
    { data: { path } },
  );
}

export function openError(path: string, cause: unknown): ScaleQuestError {
  if ((cause as ScaleQuestError).code?.startsWith?.('ERR_STORE')) return cause as ScaleQuestError;
  return new ScaleQuestError(
    'ERR_STORE_OPEN',
    `the store ${path} cannot be opened: ${reasonOf(path, cause)}. You can also name another one in \`store\`, or use ` +
      'none (`store: none`)',
    { cause, data: { path } },
  );
}

export function writeError(path: string, cause: unknown): ScaleQuestError {
  if ((cause as ScaleQuestError).code?.startsWith?.('ERR_STORE')) return cause as ScaleQuestError;
  return new ScaleQuestError(
    'ERR_STORE_WRITE',
    `the store ${path} cannot be written: ${reasonOf(path, cause)}. Replies that were acknowledged are intact`,
    { cause, data: { path } },
  );
}

/** The system's error where it is known, with what to do about it. */
function reasonOf(path: string, cause: unknown): string {
  if (cause instanceof ScaleQuestError) return cause.message;
  const { code, message } = cause as { code?: unknown; message: string };
  if (typeof code !== 'number' || code <= 0) return message;
  const named = Object.assign(new Error(message), { code: getSystemErrorName(-code) });
  return fileError('ERR_IO_WRITE', `${path}/${STORE_DATA_FILE}`, named).message;
}

/** LMDB settles a second promise with the system's error soon after; we wait so long for it. */
const CAUSE_MS_MAX = 2_000;

/** Awaits a write of LMDB's, and rejects with the system's error. Without a handler, the promise of that would end the process. */
export async function committed<T>(
  writing: Promise<T>,
  clock: Pick<Clock, 'sleep'> = systemClock,
): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    const { commitError } = error as { commitError?: Promise<never> };
    if (!commitError) throw error;
    const found = new AbortController();
    const late = clock.sleep(CAUSE_MS_MAX, found.signal).then(() => error);
    const cause = commitError.catch((reason: unknown) => reason);
    throw await Promise.race([cause, late.catch(() => error)]).finally(() => found.abort());
  }
}
