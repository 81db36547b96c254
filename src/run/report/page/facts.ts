import { formatNumber, formatSpan } from '../../../page/charts/format.js';
import type { Fact, ModelFacts } from '../../../page/report/reportData.js';
import type { Cost } from '../../cost.js';
import type { Performance } from '../report.js';

/** A run of an older version has no totals of all its starts. */
type Known = Omit<Performance, 'total'> & Partial<Pick<Performance, 'total'>>;

/** Time, memory and cost, in words; nothing where the folder does not tell. */
export function factsOf(performance: Known | null): Fact[] {
  if (!performance) return [];
  const { wallS, from, memoryPeakBytes, cost, total } = performance;
  const { starts, wallS: allS } = total ?? { starts: 1, wallS };
  const isLastOnly = !total && from > 0;
  return [
    {
      name: isLastOnly ? `time since the last start, at row ${formatNumber(from)}` : 'time',
      value: formatSpan(allS),
    },
    ...(starts > 1 ? [{ name: 'starts', value: String(starts) }] : []),
    { name: 'peak memory', value: `${formatNumber(Math.round(memoryPeakBytes / 2 ** 20))} MiB` },
    ...(cost ? costFacts(cost) : []),
  ];
}

function costFacts({ money, gpuHours, unknown }: Cost): Fact[] {
  const parts = Object.entries(money).map(([currency, amount]) => `${amount.toFixed(2)} ${currency}`);
  const open = Object.keys(unknown);
  const name = open.length > 0 ? `cost, without ${open.join(', ')}` : 'cost';
  return [
    ...(parts.length > 0 ? [{ name, value: parts.join(' + ') }] : []),
    ...(gpuHours === null ? [] : [{ name: 'GPU hours', value: gpuHours.toFixed(2) }]),
  ];
}

/** Counters of each model over all starts. */
export function modelFacts(performance: Known | null): ModelFacts[] {
  const models = performance?.total?.models ?? performance?.models ?? {};
  return Object.entries(models).map(([model, stats]) => ({
    model,
    facts: [
      { name: 'requests', value: formatNumber(stats.requests) },
      { name: 'retries', value: formatNumber(stats.retries) },
      { name: 'failures', value: formatNumber(stats.failures) },
      { name: 'from the store', value: formatNumber(stats.storeHits ?? 0) },
      { name: 'tokens in', value: formatNumber(stats.promptTokens) },
      { name: 'tokens out', value: formatNumber(stats.completionTokens) },
      ...(stats.reasoningTokens
        ? [{ name: 'of them thoughts', value: formatNumber(stats.reasoningTokens) }]
        : []),
    ],
  }));
}
