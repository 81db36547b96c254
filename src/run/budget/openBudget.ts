import type { Allowance } from '../../backends/allowance.js';
import type { ModelStats } from '../../backends/model.js';
import type { Clock } from '../../clock.js';
import type { Files } from '../../io/files/files.js';
import type { Plan } from '../../pipeline/plan.js';
import { costOf, gpuUseOf, paidModels } from '../cost.js';
import { earlierTotals } from '../monitor/earlierTotals.js';
import type { RunTotals } from '../monitor/totals.js';
import { holdBudget } from './budget.js';
import { readBudgetFile, writeBudgetFile } from './budgetFile.js';
import type { Amounts } from './ledger.js';

/** A budget that is held over all starts of a run. */
export interface OpenBudget {
  /** Fires when the budget ends the run, with the error. */
  signal: AbortSignal;
  /** Lets the requests of a model through. */
  of(model: string): Allowance;
  /** Writes down what was spent. */
  close(): Promise<void>;
}

export interface BudgetWorld {
  files: Files;
  clock: Clock;
  /** The counters of the models that are open. */
  stats: () => Record<string, ModelStats>;
}

const TICK_MS = 1000;
/** A limit of a few seconds is looked at so often, or a run would pass it between two ticks. */
const TICKS_MIN = 20;
const HOUR_MS = 3.6e6;

/**
 * Holds the budget of a plan from now on; null where it has none. What earlier starts have spent is in `budget.json` of the run
 * folder, which says at least as much as was spent, also after a kill.
 */
export async function openBudget(
  plan: Plan,
  folder: string,
  { files, clock, stats }: BudgetWorld,
): Promise<OpenBudget | null> {
  const { budget: limits } = plan.settings;
  if (!limits) return null;
  const startedMs = clock.nowMs();
  const ending = new AbortController();
  const closed = new AbortController();
  const tickMs = Math.min(TICK_MS, ((limits.wallHours ?? Infinity) * HOUR_MS) / TICKS_MIN);
  const paid = paidModels(plan);
  const budget = holdBudget({
    limits: limitsOf(limits),
    before: (await readBudgetFile(files, folder)) ?? spentBefore(paid, await earlierTotals(files, folder)),
    prices: Object.fromEntries(Object.entries(paid).map(([name, { price }]) => [name, price])),
    save: (marks) => writeBudgetFile(files, folder, marks),
    onEnd: (error) => ending.abort(error),
  });
  let used: Amounts = {};
  let lastMs = startedMs;

  /** GPU hours grow by themselves, and so does their money. */
  async function tick(): Promise<void> {
    const nowMs = clock.nowMs();
    const now = timeUsed(gpuUseOf(paid, stats()), nowMs - startedMs);
    const sinceS = (nowMs - lastMs) / 1000;
    const perS = Object.entries(now).map(([name, amount]): [string, number] => [
      name,
      sinceS > 0 ? (amount - (used[name] ?? 0)) / sinceS : 0,
    ]);
    [used, lastMs] = [now, nowMs];
    await budget.timePassed(now, Object.fromEntries(perS));
  }

  async function repeat(): Promise<void> {
    while (!closed.signal.aborted && !ending.signal.aborted) {
      await clock.sleep(tickMs, closed.signal).catch(() => undefined);
      if (!closed.signal.aborted) await tick();
    }
  }

  const ticking = repeat();
  return {
    signal: ending.signal,
    of: budget.of,
    async close() {
      closed.abort();
      await ticking;
      // A complete run opens no model, and spends nothing.
      if (Object.keys(stats()).length === 0) return;
      await tick();
      await writeBudgetFile(files, folder, budget.spent());
    },
  };
}

/** What starts without a budget have spent, as far as their log tells it. */
function spentBefore(paid: ReturnType<typeof paidModels>, { wallS, models }: RunTotals): Amounts {
  const all = Object.values(models);
  const { money, gpuHours } = costOf(paid, models);
  return {
    requests: all.reduce((sum, { requests, retries }) => sum + requests + retries, 0),
    tokens: all.reduce((sum, { promptTokens, completionTokens }) => sum + promptTokens + completionTokens, 0),
    ...{ wallHours: wallS / 3600, gpuHours: gpuHours ?? 0 },
    ...Object.fromEntries(Object.entries(money).map(([currency, amount]) => [`money.${currency}`, amount])),
  };
}

function limitsOf({ money = {}, ...counts }: NonNullable<Plan['settings']['budget']>): Amounts {
  const limits = Object.entries(money).map(([currency, amount]): [string, number] => [
    `money.${currency}`,
    amount,
  ]);
  const others = Object.entries(counts).filter(([, limit]) => limit !== undefined);
  return Object.fromEntries([...limits, ...others]);
}

function timeUsed({ gpuHours, money }: ReturnType<typeof gpuUseOf>, elapsedMs: number): Amounts {
  const paid = Object.entries(money).map(([currency, amount]) => [`money.${currency}`, amount]);
  return { wallHours: elapsedMs / HOUR_MS, gpuHours: gpuHours ?? 0, ...Object.fromEntries(paid) };
}
