import type { MeasuredEvent } from '../events.js';

/** What rates are computed from: one measurement. */
export interface RateSample {
  /** Seconds since this start. */
  elapsedS: number;
  /** Rows that all steps have kept, those of earlier starts included. */
  finished: number;
  /** Source positions that are done with, as a position behind them. */
  done: number;
  /** Step → rows that it has decided. */
  decided: Readonly<Record<string, number>>;
  /** Model → what it was asked and has answered. */
  models: Readonly<Record<string, ModelSample>>;
}

/** What a model has done by the time of a measurement. */
export interface ModelSample {
  /** Requests that it has answered. */
  answered: number;
  /** Tokens of all prompts. */
  promptTokens: number;
  /** Tokens of all choices. */
  completionTokens: number;
  /** Calls that the store of replies answered. */
  storeHits: number;
}

/** What happens a second, of the last seconds. Null before two measurements. */
export interface RunRates {
  /** Rows that all steps have kept. */
  rowsPerS: number | null;
  /** Source positions that are done with. */
  positionsPerS: number | null;
  /** Step → rows that it decides. */
  decidedPerS: Readonly<Record<string, number>>;
  /** Model → what it does. */
  models: Readonly<Record<string, ModelRates>>;
}

/** What a model does in a second. */
export interface ModelRates {
  /** Requests that it answers. */
  requestsPerS: number;
  /** Tokens of their prompts. */
  promptTokensPerS: number;
  /** Tokens of their choices. */
  completionTokensPerS: number;
  /** Calls that the store of replies answers. */
  storeHitsPerS: number;
}

/** Rates are those of so many seconds. */
export const RATE_WINDOW_S = 30;

export const NO_RATES: RunRates = { rowsPerS: null, positionsPerS: null, decidedPerS: {}, models: {} };

export function sampleOf(
  { elapsedS, steps, models }: MeasuredEvent,
  { finished, done }: Pick<RateSample, 'finished' | 'done'>,
): RateSample {
  const decided = Object.entries(steps).map(([step, { rowsIn }]) => [step, rowsIn]);
  const sampled = Object.entries(models).map(([name, stats]): [string, ModelSample] => {
    const { requests, failures, inFlight, queued, promptTokens, completionTokens, storeHits = 0 } = stats;
    const answered = Math.max(0, requests - failures - inFlight - queued);
    return [name, { answered, promptTokens, completionTokens, storeHits }];
  });
  return {
    ...{ elapsedS, finished, done },
    ...{ decided: Object.fromEntries(decided), models: Object.fromEntries(sampled) },
  };
}

/** The samples with one more; of those before the window only the last is kept, from which the window's rates are counted. */
export function withSample(samples: readonly RateSample[], sample: RateSample): readonly RateSample[] {
  const fromS = sample.elapsedS - RATE_WINDOW_S;
  const inside = samples.findIndex(({ elapsedS }) => elapsedS > fromS);
  return [...samples.slice(Math.max(0, inside < 0 ? samples.length - 1 : inside - 1)), sample];
}

/** What happened between the first and the last of the samples. */
export function ratesOf(samples: readonly RateSample[]): RunRates {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.elapsedS <= first.elapsedS) return NO_RATES;
  const seconds = last.elapsedS - first.elapsedS;
  const perS = (now: number, before = 0): number => Math.max(0, now - before) / seconds;
  const decided = Object.entries(last.decided).map(([step, rows]) => [step, perS(rows, first.decided[step])]);
  const models = Object.entries(last.models).map(([name, now]): [string, ModelRates] => {
    const before = first.models[name];
    return [
      name,
      {
        requestsPerS: perS(now.answered, before?.answered),
        promptTokensPerS: perS(now.promptTokens, before?.promptTokens),
        completionTokensPerS: perS(now.completionTokens, before?.completionTokens),
        storeHitsPerS: perS(now.storeHits, before?.storeHits),
      },
    ];
  });
  return {
    rowsPerS: perS(last.finished, first.finished),
    positionsPerS: perS(last.done, first.done),
    ...{ decidedPerS: Object.fromEntries(decided), models: Object.fromEntries(models) },
  };
}
