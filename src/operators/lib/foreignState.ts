import { ScaleQuestError } from '../../errors.js';
import { cutText } from '../../flow/steps/lostReply.js';

const SHOWN_CHARS_MAX = 40;

/** The error of an operator that finds in the state of a run what it did not write; `expected` says what it would have. */
export function foreignState(found: unknown, expected: string): ScaleQuestError {
  const text = found instanceof Uint8Array ? `${found.length} bytes` : JSON.stringify(found);
  const shown = text.length > SHOWN_CHARS_MAX ? `${cutText(text, SHOWN_CHARS_MAX)}…` : text;
  return new ScaleQuestError(
    'ERR_DATA_INVALID',
    `the state of a run holds ${shown}, expected ${expected}. Start anew beside the run with --fresh.`,
  );
}
