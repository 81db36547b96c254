import { type Observable, tap } from 'rxjs';
import { columnValues } from '../../arrow/read.js';
import type { ColumnValue } from '../../arrow/columnType.js';
import type { CommitSink } from '../../flow/commitShards.js';
import type { Batch } from '../../flow/batch.js';
import { printable } from '../../text/printable.js';
import type { Plan } from '../../pipeline/plan.js';
import { type RunDeps, runContext, sourceScreen } from './runPlan.js';
import { streamRows } from './streamRows.js';

/** What one step did to one row. */
export type RowEffect = RowKept | RowLost;

/** A step kept the row. */
export interface RowKept {
  /** The label of the step. */
  step: string;
  /** Tells the effects apart. */
  kind: 'kept';
  /** Column → what the step wrote into it. */
  values: Record<string, ColumnValue>;
}

/** A step lost the row. */
export interface RowLost {
  /** The label of the step. */
  step: string;
  /** A filter drops a row; an error rejects it. */
  kind: 'dropped' | 'rejected';
  /** The reason of the filter, or the code of the error. */
  reason: string;
  /** The error in words; empty for a filter. */
  message: string;
  /** The first characters of what a model wrote about the row before; null where none did. */
  reply: string | null;
}

/** What each step did to one source row. */
export interface RowTrace {
  /** Position of the row in the source, from 0. */
  seq: number;
  /** In the order of the steps. */
  effects: RowEffect[];
}

/** Runs the first `rows` source rows through every step and records what each did to each row; writes nothing. */
export async function previewPlan(
  plan: Plan,
  rows: number,
  deps: Pick<RunDeps, 'models' | 'prompt' | 'read' | 'signal' | 'onCounts' | 'onGate'>,
): Promise<RowTrace[]> {
  const traces = new Map<number, RowTrace>();
  const settings = { windowRows: rows, batchRows: rows, shardRows: rows, limit: rows };
  await streamRows(settings, { ...deps, sink: NOWHERE }, (source) => tracedSteps(source, plan, deps, traces));
  return [...traces.values()];
}

function tracedSteps(
  source: Observable<Batch>,
  plan: Plan,
  deps: Pick<RunDeps, 'models' | 'prompt' | 'onCounts'>,
  traces: Map<number, RowTrace>,
): Observable<Batch> {
  let stream = source.pipe(
    tap(({ lo, hi }) => {
      for (let seq = lo; seq < hi; seq++) traces.set(seq, { seq, effects: [] });
    }),
  );
  for (const [at, { spec, input, parsed, label }] of plan.steps.entries()) {
    const written = spec.writes(parsed).map(({ name }) => name);
    stream = stream.pipe(
      spec.operator(input, {
        ...runContext(plan, deps, label),
        ...(at === 0 && { screen: sourceScreen(plan) }),
      }),
      tap((batch) => {
        const seqs = columnValues(batch.rows, 'seq') as number[];
        const columns = written.map((name) => columnValues(batch.rows, name));
        seqs.forEach((seq, row) => {
          const values = Object.fromEntries(written.map((name, at) => [name, columns[at]![row]!]));
          traces.get(seq)!.effects.push({ step: label, kind: 'kept', values });
        });
        for (const event of batch.events) {
          if (event.step !== label || (event.kind !== 'dropped' && event.kind !== 'rejected')) continue;
          const { kind, seq, step, reason, message, reply } = event;
          traces.get(seq)!.effects.push({ step, kind, reason, message, reply });
        }
      }),
    );
  }
  return stream;
}

const NOWHERE: CommitSink = {
  append: async () => {},
  appendEvents: async () => {},
  commit: async () => {},
};

export function printTraces(traces: readonly RowTrace[], steps: readonly string[]): string {
  const width = Math.max(...steps.map((step) => step.length));
  return traces
    .map(({ seq, effects }) =>
      [`row ${seq}`, ...withoutRepeats(effects).flatMap((effect) => printEffect(effect, width))].join('\n'),
    )
    .join('\n\n');
}

/** A value that a step leaves as it was is not printed again; filters of responses mostly do so. So is a reply that they lose. */
function withoutRepeats(effects: readonly RowEffect[]): RowEffect[] {
  const shown = new Map<string, string>();
  return effects.map((effect) => {
    if (effect.kind !== 'kept') return shown.has('responses') ? { ...effect, reply: null } : effect;
    const changed = Object.entries(effect.values).filter(([name, value]) => {
      const text = JSON.stringify(value);
      const isNew = shown.get(name) !== text;
      shown.set(name, text);
      return isNew;
    });
    return { ...effect, values: Object.fromEntries(changed) };
  });
}

function printEffect(effect: RowEffect, width: number): string[] {
  const head = `  ${effect.step.padEnd(width)}  `;
  if (effect.kind !== 'kept') {
    const { kind, reason, message, reply } = effect;
    return [
      ...indent(`${head}${kind}: ${reason}${message ? ` (${printable(message)})` : ''}`, head.length),
      ...(reply
        ? indent(`${' '.repeat(head.length)}the model wrote: ${printable(reply)}`, head.length + 2)
        : []),
    ];
  }
  const values = Object.entries(effect.values);
  if (values.length === 0) return [`${head}kept`];
  return values.flatMap(([name, value], at) =>
    indent(
      `${at === 0 ? head : ' '.repeat(head.length)}${name}: ${printValue(value)}`,
      head.length + name.length + 2,
    ),
  );
}

function printValue(value: ColumnValue): string {
  if (!Array.isArray(value)) return typeof value === 'number' ? printNumber(value) : printText(value);
  if (value.every((item) => typeof item === 'number')) return value.map(printNumber).join(', ');
  return value.map((item: ColumnValue, at) => `[${at}] ${printText(item)}`).join('\n');
}

/** A struct, as a message of a chat, as JSON has it. */
function printText(value: ColumnValue): string {
  return printable(typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value));
}

function printNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(4);
}

function indent(text: string, columns: number): string[] {
  return text.split('\n').map((line, at) => (at === 0 ? line : `${' '.repeat(columns)}${line}`));
}
