import type { Admission, Allowance } from '../../backends/allowance.js';
import type { Price } from '../../backends/price.js';
import { ScaleQuestError } from '../../errors.js';
import { type Amounts, type Ledger, amountIn, amountOf, amountsOf, openLedger, worstOf } from './ledger.js';
import { createMarks } from './marks.js';

export interface BudgetDeps {
  /** What may not be exceeded. */
  limits: Amounts;
  /** What earlier starts of the run have spent. */
  before: Amounts;
  /** The price of each model that is asked. */
  prices: Readonly<Record<string, Price | undefined>>;
  /** Makes durable that at most so much will have been spent until it is called again. */
  save: (marks: Amounts) => Promise<void>;
  /** The budget ends the run. */
  onEnd: (error: Error) => void;
}

export interface RunBudget {
  /** Lets the requests of a model through. */
  of(model: string): Allowance;
  /** What time has cost in this start (GPU hours and their money, wall hours), and what a second more of it costs. */
  timePassed(used: Amounts, perS: Amounts): Promise<void>;
  /** What all starts have spent so far; requests in flight count with all that they may cost. */
  spent(): Amounts;
}

interface Waiting {
  worst: Amounts;
  admit: () => void;
  reject: (error: Error) => void;
}

/**
 * Holds a run within limits. A request is sent only when what is spent, what requests in flight may cost at most, and what this one
 * may cost at most, fit together; until then it waits for others to settle. When nothing is in flight and the next one does not fit,
 * the budget ends the run. Before anything is spent beyond what `save` has made durable, it is called again: after a kill the
 * file says at least what was spent.
 */
export function holdBudget({ limits, before, prices, save, onEnd }: BudgetDeps): RunBudget {
  const ledger = openLedger(limits, before);
  const marks = createMarks({ limits, before, ledger, save, onSaved: goOn, onFailed: end });
  let waiting: Waiting[] = [];
  let inFlight = 0;
  let ended: Error | null = null;

  function end(error: Error): void {
    if (ended) return;
    ended = error;
    for (const { reject } of waiting) reject(error);
    waiting = [];
    onEnd(error);
  }

  /** Lets through what now fits, the oldest first. */
  function goOn(): void {
    while (!ended && waiting.length > 0) {
      const { worst, admit } = waiting[0]!;
      const lacking = ledger.missing(worst);
      if (lacking !== null) {
        if (inFlight === 0) end(overError(ledger, limits, lacking, worst));
        return;
      }
      if (!marks.cover(worst)) return;
      waiting.shift();
      admit();
    }
  }

  function admission(worst: Amounts, price: Price | undefined): Admission {
    inFlight++;
    ledger.reserve(worst);
    return (used) => {
      inFlight--;
      ledger.settle(worst, amountsOf(used, worst, price));
      goOn();
    };
  }

  return {
    of(model) {
      const price = Object.hasOwn(prices, model) ? prices[model] : undefined;
      return {
        admit(use) {
          if (ended) return Promise.reject(ended);
          const worst = worstOf(use, price);
          const isFirst = waiting.length === 0 && ledger.missing(worst) === null;
          if (isFirst && marks.cover(worst)) return admission(worst, price);
          return new Promise((resolve, reject) => {
            waiting.push({ worst, admit: () => resolve(admission(worst, price)), reject });
            if (!marks.isSaving()) goOn();
          });
        },
      };
    },
    async timePassed(used, perS) {
      ledger.setTime(used, perS);
      const over = ledger.timeOver();
      if (over !== null) return end(overError(ledger, limits, over, {}));
      marks.cover({});
      await marks.saved();
    },
    spent: ledger.totals,
  };
}

function overError({ totalOf }: Ledger, limits: Amounts, name: string, worst: Amounts): ScaleQuestError {
  const one = amountIn(worst, name);
  const next = one > 0 ? `, and the next request may take up to ${amountOf(name, one)}` : '';
  return new ScaleQuestError(
    'ERR_BUDGET',
    `the budget of ${amountOf(name, amountIn(limits, name))} is used up: ${amountOf(name, totalOf(name))} are spent in all ` +
      `starts${next}. What was committed is intact; with a larger budget.${name} the same command goes on`,
    { data: { limit: name } },
  );
}
