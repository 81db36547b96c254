import { type ErrorCode, RowError, ScaleQuestError } from '../../errors.js';
import type { Clock } from '../../clock.js';
import type { HttpReply } from '../http/httpClient.js';
import type { ReplyContext } from './readServerReply.js';
import { EMPTY_REPLIES_MAX, REFUSALS_HELD_MAX, REFUSAL_HOLD_MS } from '../limits.js';

/**
 * Tells a server that refuses one request (400, 422: a word that its filter does not like) from one that refuses every request
 * of its kind (a parameter that it does not take, a key in the wrong place). The first rejects a row; the second would reject
 * all of them and end with an empty set, so it ends the run.
 *
 * An answer that holds nothing to use (no choice, no text) is taken as a refusal: a server that gives only such answers would end with
 * an empty set too.
 *
 * A refused call of a kind of which none was seen to be answered is held. It is settled as soon as another call of its kind is
 * answered. If none is for a while, or many are held, a control request decides: the same request with a question that nobody
 * could refuse. So the verdict follows from the server alone, not from the order of rows, and a resumed run comes to the same.
 */
export interface RefusalGuard {
  /** Rejects with `error`, or with ERR_MODEL_REFUSED where the server refuses the control request as well. */
  refused(error: RowError, control: Control): Promise<never>;
  /** A call was answered. `control` is called only while calls are held. */
  answered(control: () => Control): void;
}

/** The request with a harmless text instead of the row's. Calls with equal paths and bodies are of one kind. */
export interface Control {
  path: string;
  body: unknown;
  /** The body of another try, with another seed, where an empty answer may be chance. */
  bodyAgain?: (attempt: number) => unknown;
  /** Reads its reply; throws what any other reply means. As the row's is read, if absent. */
  read?: (reply: HttpReply, context: ReplyContext) => unknown;
}

/** Whether a row's error may be one that the server gives to every row. */
export function mayBeAlways({ code }: RowError): boolean {
  return ALWAYS.has(code);
}

/** What control requests say. */
export const HARMLESS = { user: 'What is 2 + 2?', assistant: 'It is 4.' };

export interface RefusalGuardDeps {
  /** Names the model and its servers at the start of the message. */
  label: string;
  clock: Clock;
  /** Ends all waits. */
  signal: AbortSignal;
  /** Sends a control request as any other; rejects as a call does. */
  ask(control: Control): Promise<unknown>;
}

/** Calls of one kind that wait for the verdict. */
interface Held {
  calls: { error: RowError; reject: (error: unknown) => void }[];
  isAsking: boolean;
}

export function createRefusalGuard({ label, clock, signal, ask }: RefusalGuardDeps): RefusalGuard {
  const held = new Map<string, Held>();
  /** Kind → what ends the run; null for a kind that was answered. */
  const verdicts = new Map<string, Error | null>();

  function settle(kind: string, verdict: Error | null): void {
    const { calls } = held.get(kind)!;
    held.delete(kind);
    verdicts.set(kind, verdict);
    for (const { error, reject } of calls) reject(verdict ?? error);
  }

  async function verdictBy(control: Control): Promise<Error | null> {
    const { bodyAgain } = control;
    for (let attempt = 0; ; attempt++) {
      const body = attempt === 0 ? control.body : bodyAgain!(attempt);
      const error: unknown = await ask({ ...control, body }).then(
        () => null,
        (reason: unknown) => reason,
      );
      const mayBeChance = error instanceof RowError && error.code === 'ROW_EMPTY';
      if (!mayBeChance || !bodyAgain || attempt + 1 >= EMPTY_REPLIES_MAX) return verdictOf(error, label);
    }
  }

  async function decide(kind: string, control: Control): Promise<void> {
    const own = held.get(kind);
    if (!own || own.isAsking) return;
    own.isAsking = true;
    const verdict = await verdictBy(control);
    // Another call of the kind may have been answered meanwhile.
    if (held.get(kind) === own) settle(kind, verdict);
  }

  return {
    refused(error, control) {
      const kind = kindOf(control);
      if (verdicts.has(kind)) return Promise.reject(verdicts.get(kind) ?? error);
      return new Promise((_, reject) => {
        const own = held.get(kind) ?? { calls: [], isAsking: false };
        own.calls.push({ error, reject });
        held.set(kind, own);
        if (own.calls.length >= REFUSALS_HELD_MAX) void decide(kind, control);
        if (own.calls.length > 1) return;
        void clock.sleep(REFUSAL_HOLD_MS, signal).then(
          () => decide(kind, control),
          (reason: unknown) => held.has(kind) && settle(kind, reason as Error),
        );
      });
    },
    answered(control) {
      if (held.size === 0) return;
      const kind = kindOf(control());
      if (held.has(kind)) settle(kind, null);
    },
  };
}

function kindOf({ path, body }: Control): string {
  return `${path}\n${JSON.stringify(body)}`;
}

/** What a server answers to every request, in words; rows may have these errors for reasons of their own. */
const ALWAYS: ReadonlyMap<ErrorCode, string> = new Map([
  ['ROW_REFUSED', 'refuses every request of this kind'],
  ['ROW_FEWER_CHOICES', 'gives no request of this kind the choices that it asks for'],
  ['ROW_EMPTY', 'gives no text to any request of this kind'],
]);

/** What an error of the control request means for all calls of its kind: null for none, or one that is this one request's own affair. */
function verdictOf(error: unknown, label: string): Error | null {
  if (error === null || !(error instanceof RowError)) return error as Error | null;
  const always = ALWAYS.get(error.code);
  if (always === undefined) return null;
  const message =
    `${label} ${always}, also a harmless one: ${error.message}. Correct the model's options, or the ` +
    'step’s; nothing was lost';
  return new ScaleQuestError('ERR_MODEL_REFUSED', message, { data: error.data });
}
