import type { Used, WorstUse } from '../../backends/allowance.js';
import type { Price } from '../../backends/price.js';
import { amountText, requestsCost } from '../cost.js';

/** Amounts by what they count: `tokens`, `requests`, `gpuHours`, `wallHours`, and `money.USD` for each currency. */
export type Amounts = Readonly<Record<string, number>>;

/** Near the end of what time costs no request is sent any more (`DRAIN`), and then those in flight are given up (`CLOSE`). */
export const DRAIN = { share: 0.1, maxS: 60 };
export const CLOSE = { share: 0.03, maxS: 10 };

/** What a run has spent, and what its requests in flight may cost at most, against limits. */
export interface Ledger {
  /** The first limit that does not hold this much more, and what time costs until the run has ended; null where all do. */
  missing(worst: Amounts): string | null;
  /** The first limit that passing time is about to reach; null where it reaches none. */
  timeOver(): string | null;
  /** What is spent or set aside. */
  totalOf(name: string): number;
  totals(): Amounts;
  reserve(worst: Amounts): void;
  settle(worst: Amounts, used: Amounts): void;
  /** What time has cost in this start, and what a second more of it costs. */
  setTime(used: Amounts, perS: Amounts): void;
  /** What a second costs. */
  perS(name: string): number;
}

export function openLedger(limits: Amounts, before: Amounts): Ledger {
  const settled = new Map(Object.entries(before));
  const reserved = new Map<string, number>();
  let time: Amounts = {};
  let timePerS: Amounts = {};
  let inFlight = 0;

  const totalOf = (name: string): number =>
    (settled.get(name) ?? 0) + (reserved.get(name) ?? 0) + amountIn(time, name);

  /** What passing time costs until a run that stops now has ended: a small part of the limit. */
  const aheadOf = (name: string, { share, maxS }: typeof DRAIN): number =>
    Math.min(amountIn(timePerS, name) * maxS, amountIn(limits, name) * share);

  return {
    ...{ totalOf, perS: (name) => amountIn(timePerS, name) },
    missing(worst) {
      const isOver = ([name, limit]: [string, number]): boolean =>
        totalOf(name) + amountIn(worst, name) + aheadOf(name, DRAIN) > limit;
      return Object.entries(limits).find(isOver)?.[0] ?? null;
    },
    timeOver() {
      const isOver = ([name, limit]: [string, number]): boolean =>
        amountIn(timePerS, name) > 0 && totalOf(name) + aheadOf(name, CLOSE) >= limit;
      return Object.entries(limits).find(isOver)?.[0] ?? null;
    },
    totals() {
      const names = new Set([...settled.keys(), ...reserved.keys(), ...Object.keys(time)]);
      return Object.fromEntries([...names].map((name) => [name, totalOf(name)]));
    },
    reserve(worst) {
      inFlight++;
      addTo(reserved, worst, 1);
    },
    settle(worst, used) {
      inFlight--;
      addTo(reserved, worst, -1);
      // Sums of fractions that are taken away again leave a rest.
      if (inFlight === 0) reserved.clear();
      addTo(settled, used, 1);
    },
    setTime(used, perS) {
      time = used;
      timePerS = perS;
    },
  };
}

function addTo(sums: Map<string, number>, amounts: Amounts, sign: 1 | -1): void {
  for (const [name, amount] of Object.entries(amounts)) sums.set(name, (sums.get(name) ?? 0) + sign * amount);
}

/** What a request may cost at most, by every limit there may be. */
export function worstOf({ promptTokens, completionTokens }: WorstUse, price: Price | undefined): Amounts {
  const tokens = promptTokens + completionTokens;
  if (!price) return { requests: 1, tokens };
  const dearest = { ...price, in: Math.max(price.in ?? 0, price.cached ?? 0), cached: undefined };
  return {
    ...{ requests: 1, tokens },
    [`money.${price.currency}`]: moneyOf(dearest, promptTokens, completionTokens, 0),
  };
}

/** What a request did cost. One that was given up, or whose reply tells no tokens, may have cost all that it could. */
export function amountsOf(used: Used, worst: Amounts, price: Price | undefined): Amounts {
  if (used === 'unknown') return worst;
  if (used === 'nothing') return { requests: 1 };
  const { promptTokens, completionTokens, cachedTokens = 0 } = used;
  const tokens = promptTokens + completionTokens;
  if (tokens === 0) return worst;
  if (!price) return { requests: 1, tokens };
  const money = moneyOf(price, promptTokens, completionTokens, cachedTokens);
  return { requests: 1, tokens, [`money.${price.currency}`]: money };
}

function moneyOf(price: Price, promptTokens: number, completionTokens: number, cachedTokens: number): number {
  return requestsCost(price, { requests: 1, failures: 0, promptTokens, completionTokens, cachedTokens });
}

export function amountIn(amounts: Amounts, name: string): number {
  return Object.hasOwn(amounts, name) ? amounts[name]! : 0;
}

/** As in "5.00 USD" or "1,000 requests". */
export function amountOf(name: string, amount: number): string {
  const [kind, currency] = name.split('.');
  if (kind === 'money') return `${amountText(amount)} ${currency}`;
  const isCount = kind === 'tokens' || kind === 'requests';
  if (isCount) return `${Math.ceil(amount).toLocaleString('en-US')} ${kind}`;
  return `${amountText(amount)} ${kind === 'gpuHours' ? 'GPU hours' : 'hours'}`;
}
