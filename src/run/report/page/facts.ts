import { formatNumber, formatSpan } from '../../../page/charts/format.js';
import type { Fact, ModelFacts } from '../../../page/report/reportData.js';
import type { Performance } from '../report.js';

/** Time, memory and cost, in words. Null where the folder does not tell. */
export function factsOf(performance: Performance | null, starts: number): Fact[] {
  if (!performance) return [];
  const { wallS, from, memoryPeakBytes, cost } = performance as Performance & { cost?: KnownCost };
  return [
    {
      name: from > 0 ? `time since the last start, at row ${formatNumber(from)}` : 'time',
      value: formatSpan(wallS),
    },
    ...(starts > 1 ? [{ name: 'starts', value: String(starts) }] : []),
    { name: 'peak memory', value: `${formatNumber(Math.round(memoryPeakBytes / 2 ** 20))} MiB` },
    ...(cost ? costFacts(cost) : []),
  ];
}

interface KnownCost {
  money: Record<string, number>;
  gpuHours: number | null;
  unknown: Record<string, string>;
}

function costFacts({ money, gpuHours, unknown }: KnownCost): Fact[] {
  const parts = Object.entries(money).map(([currency, amount]) => `${amount.toFixed(2)} ${currency}`);
  const open = Object.keys(unknown);
  return [
    ...(parts.length > 0
      ? [{ name: open.length > 0 ? `cost, without ${open.join(', ')}` : 'cost', value: parts.join(' + ') }]
      : []),
    ...(gpuHours === null ? [] : [{ name: 'GPU hours', value: gpuHours.toFixed(2) }]),
  ];
}

/** Counters of each model, with the words of `performance.json`. */
export function modelFacts(performance: Performance | null): ModelFacts[] {
  return Object.entries(performance?.models ?? {}).map(([model, stats]) => ({
    model,
    facts: [
      { name: 'requests', value: formatNumber(stats.requests) },
      { name: 'retries', value: formatNumber(stats.retries) },
      { name: 'failures', value: formatNumber(stats.failures) },
      { name: 'from the store', value: formatNumber(stats.storeHits ?? 0) },
      { name: 'tokens in', value: formatNumber(stats.promptTokens) },
      { name: 'tokens out', value: formatNumber(stats.completionTokens) },
    ],
  }));
}
