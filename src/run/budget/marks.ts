import { type Amounts, type Ledger, amountIn } from './ledger.js';

/** How much is durably said to be spent, always ahead of what is. */
export interface Marks {
  /** Whether the marks cover this much more. Where they do not, higher ones are being saved. */
  cover(worst: Amounts): boolean;
  isSaving(): boolean;
  /** Resolves when nothing is being saved. */
  saved(): Promise<void>;
}

export interface MarksDeps {
  limits: Amounts;
  before: Amounts;
  ledger: Ledger;
  save: (marks: Amounts) => Promise<void>;
  onSaved: () => void;
  onFailed: (error: Error) => void;
}

/** Of a limit, how much is written down ahead of being spent: so much a killed run may count too much. */
const CHUNK_SHARE = 0.01;
/** The same of what has no limit: a share of what is spent, and so many requests at least. */
const UNLIMITED = { share: 0.05, requests: 100 };
/** Marks of time reach so far ahead: a tick comes about once a second. */
const TIME_AHEAD_S = 5;

export function createMarks({ limits, before, ledger, save, onSaved, onFailed }: MarksDeps): Marks {
  const marks = new Map(Object.entries(before));
  let saving: Promise<void> | null = null;

  const neededOf = (name: string, worst: Amounts): number =>
    ledger.totalOf(name) + amountIn(worst, name) + ledger.perS(name);

  function chunkOf(name: string, worst: Amounts): number {
    const ahead = ledger.perS(name) * TIME_AHEAD_S;
    if (Object.hasOwn(limits, name)) return Math.max(limits[name]! * CHUNK_SHARE, ahead);
    const one = amountIn(worst, name);
    return Math.max(neededOf(name, worst) * UNLIMITED.share, one * UNLIMITED.requests, ahead);
  }

  async function saveFor(names: Iterable<string>, worst: Amounts): Promise<void> {
    for (const name of names) {
      const mark = neededOf(name, worst) + chunkOf(name, worst);
      marks.set(name, Math.max(marks.get(name) ?? 0, mark));
    }
    try {
      await save(Object.fromEntries(marks));
    } catch (error) {
      return onFailed(error as Error);
    }
    saving = null;
    onSaved();
  }

  return {
    isSaving: () => saving !== null,
    saved: async () => void (await saving),
    cover(worst) {
      if (saving) return false;
      const names = new Set([...Object.keys(ledger.totals()), ...Object.keys(worst)]);
      const isCovered = [...names].every((name) => neededOf(name, worst) <= (marks.get(name) ?? 0));
      if (!isCovered) saving = saveFor(names, worst);
      return isCovered;
    },
  };
}
