import { BLOCK_TOKENS, createPrefixCache } from './prefixCache.js';

/**
 * A continuous-batching engine in simulated time: S slots, a first-come-first-served queue without bound, one token a
 * step for each running sequence. A request of n choices is n sequences, as in vLLM (v1/engine/parallel_sampling.py), and the
 * step that reads the end of a prompt makes its first token, so a one-token call holds its slot for one step. It has no clock
 * and no timer: it is told the time and says when it next matters, so its cost is by sequence, not by token.
 */
export interface EngineConfig {
  slots: number;
  /** A step lasts stepBaseMs + stepPerSlotMs × running sequences, times slowFactor. */
  stepBaseMs: number;
  stepPerSlotMs: number;
  slowFactor: number;
  /** Of one prompt. */
  prefillTokensPerStep: number;
  /** Room for the tokens that running sequences hold; when it is full the youngest goes back and is recomputed. */
  kvTokensMax: number;
  /** Most sequences running and waiting; more are refused. Infinity for none, as most servers. */
  queuedMax: number;
  /** Blocks of prompts that are kept for others with the same beginning; 0 for none. */
  prefixBlocksMax: number;
  /** Width of the timeline's buckets. */
  bucketMs: number;
}

/** One sequence: a prompt to read and tokens to make (0 for scoring). */
export interface Job {
  promptTokens: number;
  tokens: number;
  /** Of its prompt, for the prefix cache. */
  blocks?: readonly number[];
}

/** One request: all its jobs must end. */
export interface Ticket {
  sequences: Sequence[];
  left: number;
  onDone: (atMs: number) => void;
}

export interface Sequence extends Job {
  ticket: Ticket;
  state: 'waiting' | 'running' | 'done' | 'aborted';
  /** Made before a preemption. */
  tokensDone: number;
  /** The first step that makes a token. */
  decodeFrom: number;
  finishStep: number;
}

/** Of one bucket; divide `busyMs` by `capacityMs` for the occupancy. */
export interface Timeline {
  busyMs: number[];
  capacityMs: number[];
  waitingMost: number[];
}

export interface Gauges {
  running: number;
  waiting: number;
  kvTokens: number;
  preemptions: number;
}

export interface EngineTotals {
  /** Made by sequences that ended. */
  tokens: number;
  /** Of prompts, found in the prefix cache. */
  tokensCached: number;
  /** Made for requests that were aborted. */
  tokensWasted: number;
  preemptions: number;
  sequences: number;
  sequencesAborted: number;
  /** Integral of running sequences over time. */
  busyMs: number;
  waitingMost: number;
}

export interface Engine {
  config: Readonly<EngineConfig>;
  totals: Readonly<EngineTotals>;
  timeline: Timeline;
  /** Queues a request; null if the queue is full. */
  submit(jobs: readonly Job[], nowMs: number, onDone: (atMs: number) => void): Ticket | null;
  /** Takes a request out, wherever it is; its slots are free at once. */
  abort(ticket: Ticket, nowMs: number): void;
  /** Does all that was due by `nowMs`, each thing at its own time. */
  advance(nowMs: number): void;
  /** When `advance` next has something to do; Infinity if never. */
  nextEventMs(): number;
  configure(change: Partial<EngineConfig>, nowMs: number): void;
  /** A server that is down has lost its requests and offers no slots. */
  setDown(down: boolean, nowMs: number): void;
  gauges(nowMs: number): Gauges;
  /**
   * What the metrics page shows: the sequences as they were when the last step ended, those that it ended taken out and the
   * next ones not yet let in (vLLM, v1/core/sched/scheduler.py, make_stats at the end of update_from_output). A call that one
   * step serves is never seen running there.
   */
  published(nowMs: number): Gauges;
}

export const ENGINE_DEFAULTS: EngineConfig = {
  slots: 128,
  stepBaseMs: 4,
  stepPerSlotMs: 0.03,
  slowFactor: 1,
  prefillTokensPerStep: 2048,
  kvTokensMax: Infinity,
  queuedMax: Infinity,
  prefixBlocksMax: 0,
  bucketMs: 1000,
};

export function stepMsOf(config: EngineConfig, running: number): number {
  return (config.stepBaseMs + config.stepPerSlotMs * running) * config.slowFactor;
}

/** Steps that a job takes; the last of those that read the prompt makes the first token. */
export function stepsOf(config: EngineConfig, { promptTokens, tokens }: Job): number {
  return prefillSteps(config, promptTokens) - 1 + Math.max(1, tokens);
}

/** One at least: of a prompt that is known the last token is read. */
function prefillSteps({ prefillTokensPerStep }: EngineConfig, promptTokens: number): number {
  return Math.max(1, Math.ceil(promptTokens / prefillTokensPerStep));
}

export function createEngine(given: Partial<EngineConfig> = {}): Engine {
  const config: EngineConfig = { ...ENGINE_DEFAULTS, ...given };
  const totals: EngineTotals = {
    ...{ tokens: 0, tokensCached: 0, tokensWasted: 0, preemptions: 0, sequences: 0, sequencesAborted: 0 },
    ...{ busyMs: 0, waitingMost: 0 },
  };
  let prefixes = createPrefixCache(config.prefixBlocksMax);
  const timeline: Timeline = { busyMs: [], capacityMs: [], waitingMost: [] };
  /** In order of admission, so that the last is the youngest. */
  let running: Sequence[] = [];
  /** Preempted sequences, before all others, oldest first. */
  let returned: Sequence[] = [];
  let queue: Sequence[] = [];
  let queueHead = 0;
  let waiting = 0;
  let down = false;

  // Steps run back to back while there is work; `step` counts those that ended by `stepStartMs`.
  let active = false;
  let step = 0;
  let stepStartMs = 0;
  let stepMs = 0;
  /** The next boundary changes something: there may be a sequence to admit, or a step of another length. */
  let dirty = false;
  let nextFinishStep = Infinity;
  let nextKvStep = Infinity;
  let accountedMs = 0;
  /** Of the boundary at `atStep`; those after it changed nothing but the queue. */
  let shown = { running: 0, waiting: 0, atStep: 0 };

  function submit(jobs: readonly Job[], nowMs: number, onDone: (atMs: number) => void): Ticket | null {
    if (running.length + waiting + jobs.length > config.queuedMax) return null;
    runUntil(nowMs, false);
    account(nowMs);
    const ticket: Ticket = { sequences: [], left: jobs.length, onDone };
    for (const job of jobs) {
      const sequence: Sequence = {
        ...job,
        ...{ ticket, state: 'waiting', tokensDone: 0, decodeFrom: 0, finishStep: 0 },
      };
      ticket.sequences.push(sequence);
      queue.push(sequence);
    }
    waiting += jobs.length;
    totals.sequences += jobs.length;
    if (!active) start(nowMs);
    else if (running.length < config.slots) touch(nowMs);
    noteWaiting(nowMs);
    return ticket;
  }

  function abort(ticket: Ticket, nowMs: number): void {
    runUntil(nowMs, false);
    account(nowMs);
    foldSteps(nowMs);
    const wasRunning = running.length;
    for (const sequence of ticket.sequences) {
      if (sequence.state === 'done' || sequence.state === 'aborted') continue;
      if (sequence.state === 'waiting') waiting--;
      totals.tokensWasted += tokensBy(sequence);
      totals.sequencesAborted++;
      sequence.state = 'aborted';
    }
    running = running.filter(({ state }) => state === 'running');
    returned = returned.filter(({ state }) => state === 'waiting');
    if (running.length < wasRunning) touch(nowMs);
  }

  function advance(nowMs: number): void {
    runUntil(nowMs, true);
    account(nowMs);
  }

  function runUntil(nowMs: number, inclusive: boolean): void {
    for (;;) {
      const atMs = nextEventMs();
      if (inclusive ? atMs > nowMs : atMs >= nowMs) return;
      step += stepsToEvent();
      stepStartMs = atMs;
      account(atMs);
      passBoundary(atMs);
    }
  }

  function nextEventMs(): number {
    return active ? stepStartMs + stepsToEvent() * stepMs : Infinity;
  }

  function stepsToEvent(): number {
    return dirty ? 1 : Math.min(nextFinishStep, nextKvStep) - step;
  }

  /** Counts whole steps up to `nowMs`, so that the next boundary is the first at or after it. */
  function foldSteps(nowMs: number): void {
    if (!active || stepMs === 0) return;
    const steps = Math.max(0, Math.ceil((nowMs - stepStartMs) / stepMs) - 1);
    step += steps;
    stepStartMs += steps * stepMs;
  }

  /** Ends an idle time: what is submitted until the next `advance` to `nowMs` begins together. */
  function start(nowMs: number): void {
    active = true;
    stepStartMs = nowMs;
    stepMs = 0;
    dirty = true;
  }

  function touch(nowMs: number): void {
    if (dirty) return;
    foldSteps(nowMs);
    dirty = true;
  }

  function passBoundary(atMs: number): void {
    const finished = takeFinished();
    // Where an idle time ends, no step has ended.
    shown = stepMs === 0 ? { ...shown, atStep: step } : { running: running.length, waiting, atStep: step };
    const preempted = makeRoom();
    if (!preempted) admit();
    dirty = false;
    active = running.length > 0;
    stepMs = stepMsOf(config, running.length);
    nextFinishStep = Infinity;
    for (const { finishStep } of running) if (finishStep < nextFinishStep) nextFinishStep = finishStep;
    nextKvStep = running.length > 1 ? step + stepsOfRoom() : Infinity;
    noteWaiting(atMs);
    for (const { ticket } of finished) if (--ticket.left === 0) ticket.onDone(atMs);
  }

  function takeFinished(): Sequence[] {
    if (step < nextFinishStep) return [];
    const finished = running.filter(({ finishStep }) => finishStep <= step);
    running = running.filter(({ finishStep }) => finishStep > step);
    for (const sequence of finished) {
      sequence.state = 'done';
      totals.tokens += sequence.tokens;
    }
    return finished;
  }

  /** Sends the youngest back until the next step's tokens fit; never the last one. */
  function makeRoom(): boolean {
    if (config.kvTokensMax === Infinity) return false;
    let preempted = false;
    while (running.length > 1 && kvTokens() + decoding() > config.kvTokensMax) {
      const sequence = running.pop()!;
      sequence.tokensDone = tokensBy(sequence);
      sequence.state = 'waiting';
      returned.unshift(sequence);
      waiting++;
      totals.preemptions++;
      preempted = true;
    }
    return preempted;
  }

  function admit(): void {
    while (waiting > 0 && running.length < config.slots && !down) {
      const sequence = nextWaiting();
      const heldTokens = sequence.promptTokens + sequence.tokensDone;
      const isRoom = config.kvTokensMax === Infinity || kvTokens() + heldTokens + 1 <= config.kvTokensMax;
      if (!isRoom && running.length > 0) return;
      takeWaiting();
      sequence.state = 'running';
      const cachedTokens = takeCached(sequence);
      sequence.decodeFrom = step + prefillSteps(config, heldTokens - cachedTokens) - 1;
      sequence.finishStep = sequence.decodeFrom + Math.max(1, sequence.tokens - sequence.tokensDone);
      running.push(sequence);
    }
  }

  function takeCached({ blocks }: Sequence): number {
    if (!blocks || config.prefixBlocksMax === 0) return 0;
    const cachedTokens = prefixes.admit(blocks) * BLOCK_TOKENS;
    totals.tokensCached += cachedTokens;
    return cachedTokens;
  }

  function nextWaiting(): Sequence {
    if (returned.length > 0) return returned[0]!;
    // Aborted ones are passed over here rather than searched for when they go.
    while (queue[queueHead]!.state !== 'waiting') queueHead++;
    return queue[queueHead]!;
  }

  function takeWaiting(): void {
    waiting--;
    if (returned.length > 0) {
      returned.shift();
      return;
    }
    queueHead++;
    if (queueHead > 1024 && queueHead * 2 > queue.length) {
      queue = queue.slice(queueHead);
      queueHead = 0;
    }
  }

  function tokensBy(sequence: Sequence): number {
    const { state, tokensDone, decodeFrom, tokens } = sequence;
    return state === 'running' ? Math.min(tokens, tokensDone + Math.max(0, step - decodeFrom)) : tokensDone;
  }

  function kvTokens(): number {
    return running.reduce((sum, sequence) => sum + sequence.promptTokens + tokensBy(sequence), 0);
  }

  function decoding(): number {
    return running.reduce((count, { decodeFrom }) => (decodeFrom <= step ? count + 1 : count), 0);
  }

  /** Steps that surely fit, were all running sequences to make a token in each; at least 1. */
  function stepsOfRoom(): number {
    if (config.kvTokensMax === Infinity) return Infinity;
    return Math.max(1, Math.floor((config.kvTokensMax - kvTokens()) / running.length));
  }

  /** Adds what passed since the last call to the timeline; nothing ran otherwise meanwhile. */
  function account(nowMs: number): void {
    while (accountedMs < nowMs) {
      const bucket = Math.floor(accountedMs / config.bucketMs);
      const toMs = Math.min(nowMs, (bucket + 1) * config.bucketMs);
      openBuckets(bucket);
      timeline.busyMs[bucket]! += (toMs - accountedMs) * running.length;
      timeline.capacityMs[bucket]! += down ? 0 : (toMs - accountedMs) * config.slots;
      totals.busyMs += (toMs - accountedMs) * running.length;
      if (waiting > timeline.waitingMost[bucket]!) timeline.waitingMost[bucket] = waiting;
      accountedMs = toMs;
    }
  }

  function noteWaiting(nowMs: number): void {
    const bucket = Math.floor(nowMs / config.bucketMs);
    openBuckets(bucket);
    if (waiting > timeline.waitingMost[bucket]!) timeline.waitingMost[bucket] = waiting;
    if (waiting > totals.waitingMost) totals.waitingMost = waiting;
  }

  function openBuckets(last: number): void {
    while (timeline.busyMs.length <= last) {
      timeline.busyMs.push(0);
      timeline.capacityMs.push(0);
      timeline.waitingMost.push(0);
    }
  }

  function configure(change: Partial<EngineConfig>, nowMs: number): void {
    advance(nowMs);
    if (active) touch(nowMs);
    else if (waiting > 0) start(nowMs);
    Object.assign(config, change);
  }

  function setDown(next: boolean, nowMs: number): void {
    advance(nowMs);
    down = next;
    if (!down) return;
    prefixes = createPrefixCache(config.prefixBlocksMax);
    totals.sequencesAborted += running.length + waiting;
    totals.tokensWasted += running.reduce((sum, sequence) => sum + tokensBy(sequence), 0);
    for (const sequence of [...running, ...returned, ...queue.slice(queueHead)]) sequence.state = 'aborted';
    [running, returned, queue, queueHead, waiting] = [[], [], [], 0, 0];
    shown = { running: 0, waiting: 0, atStep: step };
    active = false;
    dirty = false;
  }

  function gauges(nowMs: number): Gauges {
    advance(nowMs);
    foldSteps(nowMs);
    return { running: running.length, waiting, kvTokens: kvTokens(), preemptions: totals.preemptions };
  }

  function published(nowMs: number): Gauges {
    const now = gauges(nowMs);
    if (active && step > shown.atStep) shown = { running: now.running, waiting: now.waiting, atStep: step };
    return { ...now, running: shown.running, waiting: shown.waiting };
  }

  return {
    config,
    totals,
    timeline,
    submit,
    abort,
    advance,
    nextEventMs,
    configure,
    setDown,
    gauges,
    published,
  };
}
