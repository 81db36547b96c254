/** Who scrapes a page, and how often. */
export interface Scraper {
  lastMs: number;
  /** Between the last two scrapes; undefined before the second. */
  periodMs?: number;
  /** It says that it is Prometheus, so it comes again, though its period is not known yet. */
  isPrometheus: boolean;
}

/** By what tells one from another: its address and its user agent. A person who looks at the page by hand is none of the monitors. */
export type Scrapers = ReadonlyMap<string, Scraper>;

/** No one is awaited for longer: a run is not held up for a minute by a monitor that may be gone. */
const WAIT_MS_MAX = 30_000;
/** Prometheus scrapes so often unless it is told otherwise. */
const PROMETHEUS_PERIOD_MS = 60_000;
/** Prometheus is awaited so long at least: two scrapes that came close together, because the first was late, tell too short a period. */
const PROMETHEUS_WAIT_MS_MIN = 5_000;
/** A scraper of which nothing was heard for so many periods, and for 30 s, is gone. */
const PERIODS_MAX = 3;
/** Those seen longest ago are forgotten. */
const SCRAPERS_MAX = 32;

export function afterScrape(scrapers: Scrapers, key: string, nowMs: number, isPrometheus: boolean): Scrapers {
  const before = scrapers.get(key);
  const others = [...scrapers].filter(([other]) => other !== key).slice(1 - SCRAPERS_MAX);
  const periodMs = before && nowMs - before.lastMs;
  return new Map([...others, [key, { lastMs: nowMs, periodMs, isPrometheus }]]);
}

/** Those that will come again, each with the milliseconds after which it is not awaited any more. */
export function expectedScrapers(scrapers: Scrapers, nowMs: number): Map<string, number> {
  const waits = [...scrapers].map(([key, scraper]) => [key, waitMs(scraper, nowMs)] as const);
  return new Map(waits.filter(([, ms]) => ms > 0));
}

function waitMs({ lastMs, periodMs, isPrometheus }: Scraper, nowMs: number): number {
  const expectedMs = periodMs ?? (isPrometheus ? PROMETHEUS_PERIOD_MS : 0);
  const isGone = nowMs - lastMs > Math.max(PERIODS_MAX * expectedMs, WAIT_MS_MAX);
  if (isGone) return 0;
  return Math.min(WAIT_MS_MAX, Math.max(2 * expectedMs, isPrometheus ? PROMETHEUS_WAIT_MS_MIN : 0));
}
