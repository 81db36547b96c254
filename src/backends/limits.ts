import { ScaleQuestError } from '../errors.js';

/**
 * The times, sizes and counts of the backends, with the reason for each. How they must relate stands at the end, and is
 * checked when this file is loaded. What a user may set has its default here too; its bounds stand with the option.
 */

// What a user may set (protocols/serverOptions.ts).

/** A long completion of a large model takes minutes. */
export const TIMEOUT_MS_DEFAULT = 600_000;
/** vLLM was seen to take 40 to 258 s to restart with a small model; a large one loads for minutes more. */
export const UNREACHABLE_MS_DEFAULT = 600_000;
/** The same for a server that has not answered yet: it may not be started, or its address may be wrong. */
export const UNREACHABLE_FIRST_MS_DEFAULT = 60_000;
/** How long a server may do nothing but refuse (429, 503) before the row, or the run, ends. */
export const BUSY_MS_DEFAULT = 600_000;
/** Nobody sits beside a batch that takes a night. */
export const BATCH_UNREACHABLE_MS_DEFAULT = 3_600_000;
export const RETRIES_MAX_DEFAULT = 5;
/** Sequences: twice what vLLM runs at once on the largest GPUs, so that a queue fits too. */
export const REQUESTS_IN_FLIGHT_MAX_DEFAULT = 2048;

// Connections (http/).

/** uvicorn, and so vLLM, drops connections that were idle for this long, and does not say so. */
export const SERVER_KEEP_ALIVE_MS = 5_000;
/** Ours must be dropped first, also when the event loop is busy. */
export const KEEP_ALIVE_MS = 2_000;
export const CONNECT_TIMEOUT_MS = 10_000;
/**
 * A connection that has been quiet for so long is probed by the kernel, whatever the server's process does; ten probes without a word,
 * a second apart, end its call. So a machine that is gone keeps calls for half a minute, and not until their deadline.
 */
export const TCP_PROBE_MS = 15_000;
/** A longer reply is cut off. It would not be a completion. */
export const REPLY_BYTES_MAX = 64 * 2 ** 20;
/** After so many replies without a surplus a server is taken for one that sends none. */
export const REPLIES_WATCHED = 32;
/** How long a connection to a server that is not known yet rests between two requests. */
export const REST_MS = 25;
/** How often deadlines are checked. One timer a request would cost more than the request's own bookkeeping. */
export const DEADLINE_TICK_MS = 100;

// Retries (http/retryPolicy.ts).

/** Waits grow exponentially from the first to the longest. */
export interface Backoff {
  firstMs: number;
  maxMs: number;
}

/** After a try that failed, or was refused. */
export const RETRY_BACKOFF: Backoff = { firstMs: 500, maxMs: 30_000 };
/** After a try that did not reach the server. Such a try costs nothing, so the next one comes sooner. */
export const RECONNECT_BACKOFF: Backoff = { firstMs: 100, maxMs: 2_000 };
/** A sandbox that could not be started: the machine is out of processes or memory for a moment, or for good. */
export const SANDBOX_BACKOFF: Backoff = { firstMs: 250, maxMs: 8_000 };
/** Tries after the first: together about sixteen seconds. */
export const SANDBOX_TRIES_MAX = 6;
/** Programs at once where the file does not say it. */
export const SANDBOX_SLOTS_DEFAULT_MAX = 8;
/** A server may ask for hours. We ask again after a minute. */
export const RETRY_AFTER_MAX_MS = 60_000;
/** No quota is reckoned in more than months; a date beyond that is no date. */
export const RETRY_AFTER_BELIEVED_MAX_MS = 100 * 86_400_000;
/** One that refuses for so long, and says that it opens too late, is not waited for any longer. */
export const BUSY_SURE_MS = 60_000;
/** What a user and the services they know call a minute. */
export const RATE_WINDOW_MS = 60_000;
/** A call that is sent so late does not put off those behind it: timers are late by as much under load. */
export const PACE_LATE_MS = 100;
/** What replies shorter than estimated leave over for later calls: more would let many go at once after a pause. */
export const PACE_CREDIT_MAX_MS = 5_000;
/** A server that says it is closed for longer is asked after this time all the same: it may be wrong. */
export const RATE_WAIT_MAX_MS = 600_000;
/** A call that one replica refuses goes to another one at once, but only so often: then it waits. */
export const REFUSALS_MAX = 16;

// Calls that a server refuses (server/refusalGuard.ts).

/** Other calls that began with a refused one are mostly answered by then; nobody notices it as a wait. */
export const REFUSAL_HOLD_MS = 500;
/** More would say no more. */
export const REFUSALS_HELD_MAX = 16;
/** So many empty replies to control requests, beside the row's own, are no chance. */
export const EMPTY_REPLIES_MAX = 4;

// Servers that fail at every call (server/outageGuard.ts).

/** From one control request to the next; each has its own tries. */
export const OUTAGE_BACKOFF: Backoff = { firstMs: 250, maxMs: 5_000 };

// Circuit breaker and outlier ejection (pool/).

/** From the first refusal to the first half-open probe, where the server does not ask for another time. */
export const HALF_OPEN_FIRST_MS = 250;
/** From one half-open probe to the next. Where the server asks for more than a minute it is a sixtieth of that, at most the longest. */
export const HALF_OPEN_PERIOD_MS = 1_000;
export const HALF_OPEN_PERIOD_MAX_MS = 60_000;
/** Consecutive failures, of whatever kind, that eject a replica while another one is well. */
export const CONSECUTIVE_FAILURES_MAX = 8;
/** How long a replica that keeps failing stays ejected before it is checked again: twice as long each time. */
export const EJECTION_BACKOFF: Backoff = { firstMs: 1_000, maxMs: 60_000 };

/** How often an ejected replica is given a call while no other is there: thousands that wait must not try it all at once. */
export const EJECTED_PERIOD_MS = 25;

// Polls of a server (pool/metricsPoller.ts).

export const POLL_PERIOD_MS = 1_000;
/** How often a file that lists servers is read; a text counts when it is the same twice in a row. */
export const REPLICA_LIST_PERIOD_MS = 500;
/** Until a server has shown its size or is back, but no longer than `FIRST_POLLS_MAX` polls. */
export const FIRST_POLL_PERIOD_MS = 250;
export const FIRST_POLLS_MAX = 40;
/** While each poll doubles the limit: a new server is full after a few of them, and until then its slots stand idle. */
export const DOUBLING_POLL_PERIOD_MS = 100;
export const POLL_TIMEOUT_MS = 2_000;
/** A server that says nothing for so long, neither to polls nor to calls, gets no more calls while another one answers. */
export const SILENCE_MAX_MS = 10_000;

// The limit of sequences in flight (pool/aimdLimit.ts). A request of n choices is n sequences.

/** More than a small server's slots. Too many requests only wait in its queue; too few leave it idle. */
export const LIMIT_START = 64;
/** The queue that is held at a server, as a share of what it runs. */
export const WAITING_SHARE = 0.1;
/** Multiplicative decrease after a refusal. */
export const DECREASE_FACTOR = 0.8;
/** Increase of a limit that is steered by refusals alone. */
export const INCREASE_FACTOR = 1.1;
/** Growth while the server's queue is shorter than wanted: before it has shown its size, after that, and close to the goal. */
export const SLOW_START_FACTOR = 2;
export const RECOVERY_FACTOR = 1.25;
export const APPROACH_FACTOR = 1.05;
/** A queue of less than this share of the wanted one counts as none. */
export const FEW_SHARE = 0.2;
/**
 * A server is given at least what it answers in this time: several steps of an engine and several round trips, and half a second
 * of waiting at most where the page cannot show what runs.
 */
export const ANSWERED_MS = 500;
/** Polls that contradict what we know to be in flight, before the metrics page is taken for wrong. */
export const CONTRADICTIONS_MAX = 20;
/** Gauges lag behind by seconds. After a change the limit waits for so many polls at most until the page shows it. */
export const METRIC_LAG_POLLS_MAX = 6;

// The queue (pool/queue.ts).

/** So many waiting calls are searched for one with affinity to a free slot. */
export const AFFINITY_LOOKAHEAD_CALLS = 64;

// The batch API (batchApi/).

/** Of all requests of a batch. OpenAI: a later run reads its file again, to find what was ordered. */
export const BATCH_FILE_BYTES_MAX = 48 * 2 ** 20;
/** What a line of such a file has around the body of its request. */
export const BATCH_LINE_BYTES = 160;
export const BATCH_LIST_TIMEOUT_MS = 30_000;
export const BATCH_CONNECTIONS_MAX = 8;
/** How often results that are fewer than the service says are read, before those that lack are ordered again. */
export const BATCH_READS_MAX = 3;
/** How much earlier than we sent it an order may seem to be made: the service's clock and ours differ. */
export const BATCH_CLOCKS_MS = 60_000;
/** A service tells its time in whole seconds (RFC 9110, 5.6.7), so that its clock seems to be up to one behind. */
export const DATE_MS = 1_000;
/** How long closing waits for orders that are in flight, and for their cancellation. */
export const BATCH_CLOSE_MS = 10_000;

// The embedded engine (llamaCpp/).

/** A longer context than most rows need would cost memory for nothing. */
export const CONTEXT_TOKENS_DEFAULT_MAX = 4_096;
export const ENGINE_PROCESSES_DEFAULT_MAX = 4;
/** Neighbours in a process's queue share the evaluation of their common prefix. */
export const CHOOSES_PER_PROCESS_MAX = 8;
export const MEMORY_PERIOD_MS = 1_000;
export const STDERR_TAIL_CHARS = 2_000;

/** What must hold between them, in words. */
export const RELATIONS: Readonly<Record<string, boolean>> = {
  'we drop an idle connection before the server does': KEEP_ALIVE_MS < SERVER_KEEP_ALIVE_MS,
  'a poll finds the connection of the poll before it still open': POLL_PERIOD_MS < KEEP_ALIVE_MS,
  'a poll is cut close to its deadline': DEADLINE_TICK_MS * 10 <= POLL_TIMEOUT_MS,
  'a machine that is gone is noticed long before a request would end':
    TCP_PROBE_MS * 10 <= TIMEOUT_MS_DEFAULT,
  'connecting ends long before a request does': CONNECT_TIMEOUT_MS * 10 <= TIMEOUT_MS_DEFAULT,
  'a server that does not accept connections is tried more than once before the run ends':
    CONNECT_TIMEOUT_MS * 2 < UNREACHABLE_FIRST_MS_DEFAULT,
  'an unreachable server is tried many times before the run ends':
    RECONNECT_BACKOFF.maxMs * 10 <= UNREACHABLE_FIRST_MS_DEFAULT,
  'a server that fails is asked many times before the run ends':
    OUTAGE_BACKOFF.maxMs * 10 <= UNREACHABLE_FIRST_MS_DEFAULT,
  'a server is asked several times before it counts as silent': POLL_TIMEOUT_MS * 3 <= SILENCE_MAX_MS,
  'a server counts as silent long before its calls are given up': SILENCE_MAX_MS * 10 <= TIMEOUT_MS_DEFAULT,
  'an ejected replica is polled many times before the run ends':
    POLL_PERIOD_MS * 10 <= UNREACHABLE_FIRST_MS_DEFAULT,
  'a server that has answered is waited for longer': UNREACHABLE_FIRST_MS_DEFAULT < UNREACHABLE_MS_DEFAULT,
  'a call that is late is so by a small part of what is spread': PACE_LATE_MS * 100 <= RATE_WINDOW_MS,
  'a pause leaves little of a minute for a burst': PACE_CREDIT_MAX_MS * 10 <= RATE_WINDOW_MS,
  'a server that is held by its headers is asked before it counts as busy for too long':
    RATE_WAIT_MAX_MS <= BUSY_MS_DEFAULT,
  'reconnecting waits no longer than retrying':
    RECONNECT_BACKOFF.firstMs <= RETRY_BACKOFF.firstMs && RECONNECT_BACKOFF.maxMs <= RETRY_BACKOFF.maxMs,
  'a server may ask for a longer wait than we would choose': RETRY_BACKOFF.maxMs <= RETRY_AFTER_MAX_MS,
  'a busy server is asked several times before its row ends':
    (RETRY_AFTER_MAX_MS + RETRY_BACKOFF.maxMs) * 5 <= BUSY_MS_DEFAULT,
  'the first half-open probe comes no later than the others': HALF_OPEN_FIRST_MS <= HALF_OPEN_PERIOD_MS,
  'an open circuit breaker is probed more often than a refused call comes back':
    HALF_OPEN_PERIOD_MS < RETRY_BACKOFF.maxMs,
  'a server that is closed for hours is probed as often as a call would ask it':
    HALF_OPEN_PERIOD_MAX_MS <= RETRY_AFTER_MAX_MS,
  'an ejection ends, at its longest, before a server counts as busy for too long':
    EJECTION_BACKOFF.maxMs < BUSY_MS_DEFAULT,
  'ejections grow': EJECTION_BACKOFF.firstMs < EJECTION_BACKOFF.maxMs,
  'a server is given calls within two seconds of being listed': REPLICA_LIST_PERIOD_MS * 4 <= 2_000,
  'a server of unknown size is polled more often':
    DOUBLING_POLL_PERIOD_MS < FIRST_POLL_PERIOD_MS && FIRST_POLL_PERIOD_MS < POLL_PERIOD_MS,
  'a limit has several changes within the first polls': METRIC_LAG_POLLS_MAX * 4 <= FIRST_POLLS_MAX,
  'a page is taken for wrong only after its lag': METRIC_LAG_POLLS_MAX < CONTRADICTIONS_MAX,
  'a decrease shrinks a limit, an increase makes up for it in a few polls':
    DECREASE_FACTOR < 1 && DECREASE_FACTOR * INCREASE_FACTOR ** 3 >= 1,
  'a limit grows the slower, the closer it is to its goal':
    APPROACH_FACTOR < RECOVERY_FACTOR && RECOVERY_FACTOR < SLOW_START_FACTOR,
  'a limit starts below its default maximum': LIMIT_START < REQUESTS_IN_FLIGHT_MAX_DEFAULT,
  'a file of requests can be read back as one reply': BATCH_FILE_BYTES_MAX < REPLY_BYTES_MAX,
  'a batch survives a longer outage than a request': BATCH_UNREACHABLE_MS_DEFAULT > UNREACHABLE_MS_DEFAULT,
};

/** Throws ERR_INVARIANT with the first relation that does not hold. */
export function assertRelations(relations: Readonly<Record<string, boolean>>): void {
  for (const [relation, holds] of Object.entries(relations)) {
    if (!holds)
      throw new ScaleQuestError('ERR_INVARIANT', `src/backends/limits.ts: expected that ${relation}`);
  }
}

assertRelations(RELATIONS);
