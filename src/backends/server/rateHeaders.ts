import type { HttpReply } from '../http/httpClient.js';
import { RETRY_AFTER_BELIEVED_MAX_MS } from '../limits.js';
import type { RateLeft } from '../pool/serverPace.js';

/** Names of the headers that say of one limit what is left of it, when it is whole again, and how large it is. */
interface Names {
  of: RateLeft['of'];
  remaining: string;
  reset: string;
  limit: string;
}

function named(of: RateLeft['of'], nameOf: (part: string) => string): Names {
  return { of, remaining: nameOf('remaining'), reset: nameOf('reset'), limit: nameOf('limit') };
}

/**
 * Headers of OpenAI, Groq, Together, Fireworks, Azure and others (`x-ratelimit-remaining-requests`), Cerebras (`…-day`,
 * `…-minute`), OpenRouter (`x-ratelimit-remaining`), Anthropic, and of the IETF's draft.
 */
const NAMES: readonly Names[] = [
  ...(['requests', 'tokens'] as const).flatMap((of) => [
    named(of, (part) => `x-ratelimit-${part}-${of}`),
    named(of, (part) => `x-ratelimit-${part}-${of}-minute`),
    named(of, (part) => `x-ratelimit-${part}-${of}-day`),
    named(of, (part) => `anthropic-ratelimit-${of}-${part}`),
  ]),
  named('tokens', (part) => `anthropic-ratelimit-input-tokens-${part}`),
  named('tokens', (part) => `anthropic-ratelimit-output-tokens-${part}`),
  named('requests', (part) => `x-ratelimit-${part}`),
  named('requests', (part) => `ratelimit-${part}`),
];

/** What a reply says of the limits of its service. What cannot be read counts as not said. */
export function rateLeft({ header }: Pick<HttpReply, 'header'>, nowMs: number): RateLeft[] {
  const all: RateLeft[] = [];
  for (const names of NAMES) {
    const remaining = amountOf(header(names.remaining));
    if (remaining === undefined) continue;
    const resetMs = resetMsOf(header(names.reset), nowMs) ?? refillMs(remaining, header(names.limit));
    if (resetMs !== undefined) all.push({ of: names.of, remaining, resetMs });
  }
  return all;
}

const AMOUNT = /^\s*\d{1,15}(?:\.\d+)?\s*$/;

function amountOf(text: string | undefined): number | undefined {
  return text !== undefined && AMOUNT.test(text) ? Number(text) : undefined;
}

/** Azure does not say when: of a limit by the minute, one is back after its share of it. */
function refillMs(remaining: number, limit: string | undefined): number | undefined {
  const most = amountOf(limit);
  return remaining < 1 && most !== undefined && most >= 1 ? 60_000 / most : undefined;
}

/** As Go writes it: `6m0s`, `1h2m3.5s`, `120ms`. */
const DURATION =
  /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9}(?:\.\d{1,9})?)ms)?$/;
const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1000, 1];

/** Seconds beyond this are a time since 1970, and milliseconds beyond the other. */
const EPOCH_S_MIN = 1e9;
const EPOCH_MS_MIN = 1e12;

/** How long from now: a duration, seconds, a time since 1970 in seconds or milliseconds, or a date. Undefined if it is nothing of these. */
export function resetMsOf(text: string | undefined, nowMs: number): number | undefined {
  const said = text?.trim();
  if (!said || said.length > 64) return undefined;
  return bounded(AMOUNT.test(said) ? fromNumber(Number(said), nowMs) : fromWords(said, nowMs));
}

function fromNumber(value: number, nowMs: number): number {
  if (value >= EPOCH_MS_MIN) return value - nowMs;
  return value >= EPOCH_S_MIN ? value * 1000 - nowMs : value * 1000;
}

function fromWords(said: string, nowMs: number): number | undefined {
  const parts = DURATION.exec(said);
  if (parts) return UNITS_MS.reduce((sum, unitMs, at) => sum + Number(parts[at + 1] ?? 0) * unitMs, 0);
  const dateMs = /\d{4}/.test(said) ? Date.parse(said) : NaN;
  return Number.isNaN(dateMs) ? undefined : dateMs - nowMs;
}

function bounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.max(0, Math.min(ms, RETRY_AFTER_BELIEVED_MAX_MS));
}
