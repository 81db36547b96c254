import type { Observable } from 'rxjs';
import type { Batch } from '../../flow/batch.js';
import { type CommitSink, type Totals, commitShards } from '../../flow/commitShards.js';
import { type Gate, type ReadRows, type Replay, createGate } from '../../flow/gate.js';
import type { Pause } from '../../flow/pause.js';
import { untilAborted } from '../../flow/untilAborted.js';
import type { RunContext } from '../../operators/lib/operator.js';

/** Where a run goes on, from its earlier commits. */
export interface Resume {
  /** The first source position that no commit covers. */
  from: number;
  kept: number;
  /** The committed state deltas of the step called `label`. */
  restored: RunContext['restored'];
}

/** The start of a run without commits. */
export const NOTHING_YET: Resume = { from: 0, kept: 0, restored: undefined };

export interface StreamSettings {
  windowRows: number;
  batchRows: number;
  shardRows: number;
  /** Source positions after which a commit comes at the latest; by `shardRows` if absent. */
  commitPositions?: number | undefined;
  /** End at exactly so many kept rows, those of earlier starts included. */
  target?: number | undefined;
  /** End after so many source positions. */
  limit?: number | undefined;
  /** The most characters of a reply that a lost row holds. */
  lostReplyCharsMax?: number | undefined;
  /** No batch goes past a multiple of this. */
  segmentRows?: number | undefined;
}

export interface StreamDeps {
  read: ReadRows;
  replay?: Replay | undefined;
  sink: CommitSink;
  resume?: Resume | undefined;
  signal?: AbortSignal | undefined;
  pause?: Pause | undefined;
  onDelivered?: ((watermark: number, kept: number) => void) | undefined;
  onEvents?: ((counts: Readonly<Record<string, number>>) => void) | undefined;
  /** Rows are about to flow through this gate. */
  onGate?: ((gate: Pick<Gate, 'issued' | 'watermark'>) => void) | undefined;
}

/** From the source's gate through `connect` to the sink's commits. The sink stays the caller's to close. */
export function streamRows(
  settings: StreamSettings,
  { read, replay, sink, resume = NOTHING_YET, signal, pause, onDelivered, onEvents, onGate }: StreamDeps,
  connect: (source: Observable<Batch>) => Observable<Batch>,
): Promise<Totals> {
  const { windowRows, batchRows, shardRows, commitPositions, target, limit, segmentRows } = settings;
  const { from, kept } = resume;
  const left = target === undefined ? undefined : target - kept;
  const gate = createGate({
    ...{ windowRows, batchRows, from, target: left, limit, pause },
    ...(segmentRows === undefined ? {} : { segmentRows }),
  });
  onGate?.(gate);
  const stream = connect(gate.source(read, replay)).pipe(untilAborted(signal));
  return commitShards(stream, {
    ...{ gate, sink, shardRows, target, from, keptBefore: kept },
    lostReplyCharsMax: settings.lostReplyCharsMax,
    ...(commitPositions === undefined ? {} : { commitPositions }),
    ...(onDelivered ? { onDelivered } : {}),
    ...(onEvents ? { onEvents } : {}),
  });
}
