import { estimateRun } from '../../src/run/estimate/estimate.js';
import { observedIn } from '../../src/run/estimate/observed.js';
import type { Likely } from '../../src/run/estimate/sampling.js';
import { printTable } from '../../src/run/report/report.js';
import { FIVE_STAGES, type Shape, simulateRun } from '../../test/run/estimate/simulatedRun.js';
import { flag } from '../figures.js';

/**
 * Estimates from the first rows of simulated runs against the whole runs: how far off, and how often the truth lies in the interval.
 *   npm run bench:estimate -- [--rows=50] [--seeds=20]
 */

const pilotRows = flag('rows', 50);
const seeds = flag('seeds', 20);

const SHAPES: Record<string, Partial<Shape>> = {
  'five stages': {},
  'long tail of lengths (σ = 1.2)': { spread: 1.2 },
  'a filter that keeps 5 %': { solvable: 0.05, rows: 3000 },
  'n = 1': { n: 1 },
  'two models on one server': { shared: { judge: 'writer' } },
  'servers never full (1,000 slots)': {
    engines: Object.fromEntries(Object.keys(FIVE_STAGES.engines).map((name) => [name, { slots: 1000 }])),
  },
};

type Name = 'requests' | 'tokens' | 'hours';
type Compared = Record<Name, { off: number; isInside: boolean }>;

async function compare(shape: Shape): Promise<Compared> {
  const pilot = await simulateRun(shape, pilotRows);
  const whole = (await simulateRun(shape, shape.rows)).events.at(-1)!;
  const serversOf = (model: string): string => shape.shared[model] ?? model;
  const labels = pilot.plan.steps.map(({ label }) => label);
  const names = Object.keys(pilot.plan.models);
  const paid = Object.fromEntries(names.map((name) => [name, { servers: serversOf(name) }]));
  const observed = observedIn(labels, pilot.events, serversOf)!;
  const estimate = estimateRun(observed, { rows: shape.rows, paid, servers: {}, seed: 1 });
  const stats = Object.values(whole.models);
  const against = ({ mean, low, high }: Likely, truth: number) => ({
    off: mean / truth - 1,
    isInside: truth >= low && truth <= high,
  });
  const tokens = stats.reduce((sum, each) => sum + each.promptTokens + each.completionTokens, 0);
  return {
    requests: against(
      estimate.requests,
      stats.reduce((sum, each) => sum + each.requests, 0),
    ),
    tokens: against(estimate.tokens, tokens),
    hours: against(estimate.hours, whole.elapsedS / 3600),
  };
}

/** The middle of the errors, the largest, within 15 %, and truths inside the interval. */
function cellOf(all: readonly Compared[], name: Name): string {
  const offs = all.map((each) => Math.abs(each[name].off)).sort((a, b) => a - b);
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const near = offs.filter((off) => off <= 0.15).length;
  const inside = all.filter((each) => each[name].isInside).length;
  return `${percent(offs[Math.floor(offs.length / 2)]!)} / ${percent(offs.at(-1)!)}, ${near}, ${inside}`;
}

const rows: string[][] = [];
for (const [name, change] of Object.entries(SHAPES)) {
  const all: Compared[] = [];
  for (let seed = 1; seed <= seeds; seed++) all.push(await compare({ ...FIVE_STAGES, ...change, seed }));
  rows.push([name, ...(['requests', 'tokens', 'hours'] as const).map((each) => cellOf(all, each))]);
}
console.log(
  `From ${pilotRows} rows, ${seeds} seeds: the middle and the largest error, seeds within 15 %, seeds whose interval holds the truth\n`,
);
console.log(printTable(['shape', 'requests', 'tokens', 'hours'], rows));
