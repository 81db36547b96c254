import type { FlowingEvent, MeasuredEvent } from '../../../src/run/events.js';
import { NO_TOTALS } from '../../../src/run/monitor/totals.js';

/** Events of a run with one model, as it tells them. */

export function flowingEvent(changes: Partial<FlowingEvent> = {}): FlowingEvent {
  const steps = ['generate', 'filter', 'respond'];
  return { event: 'flowing', from: 0, kept: 0, models: ['m'], steps, ...changes };
}

export function measuredEvent(changes: Partial<MeasuredEvent> = {}): MeasuredEvent {
  const stats = {
    ...{ requests: 4, retries: 0, failures: 0, inFlight: 1, queued: 1 },
    ...{ promptTokens: 40, completionTokens: 80, memoryPeakBytes: 0 },
  };
  return {
    ...{ event: 'measured', elapsedS: 1, issued: 0, watermark: 0, inFlight: 0, kept: 0 },
    ...{ steps: {}, models: { m: stats }, before: NO_TOTALS, ...changes },
  };
}
