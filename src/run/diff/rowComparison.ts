import type { Column } from '../../arrow/columnType.js';
import type {
  Fate,
  FateChange,
  RowExample,
  RowsCompared,
  ValueChange,
} from '../../page/view/rowsCompared.js';
import { finalAnswer } from '../../text/finalAnswer.js';
import { cellText } from '../verify/firstDifference.js';
import type { DecidedPosition, KeptValues } from './decidedPositions.js';

export type { Fate, FateChange, RowExample, RowsCompared, ValueChange };

export interface RowComparison {
  /** Takes one position of both runs; null where a run has no row of it. */
  add(a: DecidedPosition | null, b: DecidedPosition | null): void;
  beyond(side: 'a' | 'b', position: DecidedPosition): void;
  result(): Omit<RowsCompared, 'positions'>;
}

/** Compares rows in bounded memory: counts and the first examples stay. `columns`: those of both sides, `seq` first. */
export function compareRows(columns: readonly Column[], examplesMax: number): RowComparison {
  const indexAt = columns.findIndex(({ name }) => name === 'seqIndex');
  const questionAt = columns.findIndex(({ name, type }) => name === 'question' && type === 'string');
  const compared = columns.map((column, at) => ({ ...column, at })).filter(({ name }) => !IDENTITY.has(name));
  const totals = { keptByBoth: 0, same: 0, appeared: 0, vanished: 0, questionsDiffer: 0 };
  const beyond = { a: 0, b: 0 };
  const fates = new Map<string, FateChange>();
  const values = new Map<string, ValueChange>();

  function compareRow(seq: number, seqIndex: number, a: Decided, b: Decided): void {
    if (a.question !== null && b.question !== null && a.question !== b.question) totals.questionsDiffer += 1;
    if (a.kept && b.kept) return compareValues(seq, seqIndex, a.kept, b.kept);
    totals.vanished += Number(a.kept !== null);
    totals.appeared += Number(b.kept !== null);
    const key = JSON.stringify([a.fate, b.fate]);
    if (key === JSON.stringify([b.fate, a.fate])) return;
    const change = fates.get(key) ?? { from: a.fate, to: b.fate, rows: 0, examples: [] };
    fates.set(key, change);
    change.rows += 1;
    const question = a.question ?? b.question;
    if (change.examples.length < examplesMax) change.examples.push({ seq, seqIndex, question });
  }

  function compareValues(seq: number, seqIndex: number, a: KeptValues, b: KeptValues): void {
    totals.keptByBoth += 1;
    let isSame = true;
    for (const { name, type, at } of compared) {
      const [own, other] = [a[at], b[at]];
      if (own === other || cellText(own) === cellText(other)) continue;
      isSame = false;
      const isText = type === 'string';
      const change = values.get(name) ?? { column: name, rows: 0, answers: isText ? 0 : null, examples: [] };
      values.set(name, change);
      change.rows += 1;
      if (isText && answerOf(own) !== answerOf(other)) change.answers! += 1;
      if (change.examples.length < examplesMax)
        change.examples.push({ seq, seqIndex, a: cellText(own), b: cellText(other) });
    }
    totals.same += Number(isSame);
  }

  return {
    add(a, b) {
      const seq = (a ?? b)!.seq;
      const [before, now] = [byIndex(a, indexAt, questionAt), byIndex(b, indexAt, questionAt)];
      for (const index of new Set([...before.keys(), ...now.keys()]))
        compareRow(seq, index, before.get(index) ?? ABSENT, now.get(index) ?? ABSENT);
    },
    beyond: (side, { kept, lost }) => void (beyond[side] += kept.length + lost.length),
    result: () => ({
      ...{ ...totals, beyond },
      fates: [...fates.values()].sort((one, other) => other.rows - one.rows),
      values: [...values.values()].sort((one, other) => other.rows - one.rows),
    }),
  };
}

const IDENTITY: ReadonlySet<string> = new Set(['seq', 'seqIndex']);

interface Decided {
  fate: Fate;
  kept: KeptValues | null;
  question: string | null;
}

const KEPT: Fate = { kind: 'kept', step: null, reason: null };
const ABSENT: Decided = { fate: { kind: 'absent', step: null, reason: null }, kept: null, question: null };

function byIndex(
  position: DecidedPosition | null,
  indexAt: number,
  questionAt: number,
): ReadonlyMap<number, Decided> {
  const rows = new Map<number, Decided>();
  for (const { seqIndex, step, reason, kind, question } of position?.lost ?? [])
    rows.set(seqIndex, { fate: { kind, step, reason }, kept: null, question });
  for (const kept of position?.kept ?? []) {
    const question = (kept[questionAt] ?? null) as string | null;
    rows.set(indexAt < 0 ? 0 : (kept[indexAt] as number), { fate: KEPT, kept, question });
  }
  return rows;
}

function answerOf(value: unknown): string | null {
  return typeof value === 'string' ? finalAnswer(value) : null;
}
