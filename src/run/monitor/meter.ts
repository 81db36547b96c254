import type { ModelStats } from '../../backends/model.js';
import type { Clock } from '../../clock.js';
import type { Gate } from '../../flow/gate.js';
import type { StepCounts } from '../../flow/steps/outcome.js';
import { addTo } from '../../flow/steps/rowTally.js';
import type { CountedEvent, Emit, MeasuredEvent } from '../events.js';
import { NO_TOTALS, type RunTotals, totalsWith } from './totals.js';

/** Measures one start of a run: gathers what is counted, and tells how the run stands. */
export interface Meter {
  /** What the earlier starts took. */
  startsAfter(before: RunTotals): void;
  /** The models are open: from now on `stats` gives their counters. */
  opened(stats: () => Record<string, ModelStats>): void;
  /** Rows flow through this gate; so many were kept before. */
  flows(gate: Position, kept: number): void;
  /** A step has decided rows. */
  count(step: string, counts: StepCounts): void;
  /** Everything below `watermark` is with the writer, and so many rows of it were kept. */
  delivered(watermark: number, kept: number): void;
  /** Of all starts up to now. */
  totals(): RunTotals;
  /** Tells what is left to tell, and how the run stands at its end. */
  end(): void;
  /** Tells nothing more. */
  stop(): void;
}

type Position = Pick<Gate, 'issued' | 'watermark'>;

export interface MeterDeps {
  /** Without it nothing is told between the start and the end but counts, each at once. */
  clock?: Clock | undefined;
  /** Milliseconds since any fixed moment. */
  nowMs: () => number;
  emit: Emit<CountedEvent>;
  onMeasured: (event: MeasuredEvent) => void;
}

/** How long decided rows wait to be told together. */
const COUNT_PERIOD_MS = 200;
const MEASURE_PERIOD_MS = 1_000;

export function startMeter({ clock, nowMs, emit, onMeasured }: MeterDeps): Meter {
  const startedMs = nowMs();
  const ended = new AbortController();
  const steps = new Map<string, StepCounts>();
  const untold = new Map<string, StepCounts>();
  let before = NO_TOTALS;
  let statsNow = (): Record<string, ModelStats> => ({});
  let gate: Position = { issued: 0, watermark: 0 };
  // The commit that ends a run comes before the gate hears of its rows.
  let reached = { watermark: 0, kept: 0 };
  let isCounting = false;

  const elapsedS = (): number => Math.round(nowMs() - startedMs) / 1000;

  function tellCounts(): void {
    isCounting = false;
    for (const [step, counts] of untold) emit({ event: 'counted', step, counts });
    untold.clear();
  }

  function measure(last: { isLast?: true } = {}): void {
    tellCounts();
    const { issued } = gate;
    const watermark = Math.max(gate.watermark, reached.watermark);
    const counts = Object.fromEntries([...steps].map(([step, own]) => [step, { ...own }]));
    onMeasured({
      ...{ event: 'measured', elapsedS: elapsedS(), issued, watermark, inFlight: issued - watermark },
      ...{ kept: reached.kept, steps: counts, models: statsNow(), before, ...last },
    });
  }

  if (clock) void repeat(clock, ended.signal, () => measure());
  return {
    startsAfter: (totals) => void (before = totals),
    opened: (stats) => void (statsNow = stats),
    flows(through, kept) {
      gate = through;
      reached = { watermark: through.watermark, kept };
    },
    count(step, counts) {
      add(steps, step, counts);
      add(untold, step, counts);
      if (!clock) return tellCounts();
      if (isCounting) return;
      isCounting = true;
      void clock.sleep(COUNT_PERIOD_MS, ended.signal).then(tellCounts, () => {});
    },
    delivered: (watermark, kept) => void (reached = { watermark, kept }),
    totals: () => totalsWith(before, elapsedS(), statsNow()),
    end() {
      if (ended.signal.aborted) return;
      ended.abort();
      measure({ isLast: true });
    },
    stop: () => ended.abort(),
  };
}

async function repeat(clock: Clock, ended: AbortSignal, tick: () => void): Promise<void> {
  for (;;) {
    await clock.sleep(MEASURE_PERIOD_MS, ended).catch(() => {});
    if (ended.aborted) return;
    tick();
  }
}

function add(sums: Map<string, StepCounts>, step: string, counts: StepCounts): void {
  const sum = sums.get(step);
  if (sum) addTo(sum, counts);
  else sums.set(step, { ...counts });
}
