import { type EngineConfig, createEngine } from '../../../bench/endpoint/engine.js';
import type { Choice, Model, ModelStats } from '../../../src/backends/model.js';
import { createTally } from '../../../src/backends/server/tally.js';
import type { StepCounts } from '../../../src/flow/steps/outcome.js';
import { nodeFiles } from '../../../src/io/files/files.js';
import { sourceReader } from '../../../src/io/sources/sourceReader.js';
import type { Plan } from '../../../src/pipeline/plan.js';
import { promptFrom } from '../../../src/pipeline/check/checkDeps.js';
import { deriveUniform } from '../../../src/random.js';
import type { MeasuredEvent } from '../../../src/run/events.js';
import { NO_TOTALS } from '../../../src/run/monitor/totals.js';
import { runPlan } from '../../../src/run/stream/runPlan.js';
import { checkDeps, checkText } from '../../helpers/runs/pipelineWorld.js';
import { type SimulatedClock, simulatedClock } from '../../helpers/simulatedClock.js';

/** Whole runs on virtual time: the steps and the flow are real, behind the models are engines of continuous batching. */

export interface Shape {
  /** Rows of the whole run. */
  rows: number;
  /** The share of rows that the judge says yes to. */
  solvable: number;
  n: number;
  /** Mean tokens of a response, and the spread of its logarithm: 1 has a long tail. */
  length: number;
  spread: number;
  /** Engines by the names of their models; a model that is called as another one shares its engine. */
  engines: Readonly<Record<string, Partial<EngineConfig>>>;
  shared: Readonly<Record<string, string>>;
  seed: number;
  windowRows: number;
}

export const FIVE_STAGES: Shape = {
  ...{ rows: 1000, solvable: 0.6, n: 5, length: 300, spread: 0.5, seed: 1, windowRows: 256 },
  engines: {
    writer: { slots: 16 },
    judge: { slots: 16 },
    rater: { slots: 16 },
    solver: { slots: 32 },
    scorer: { slots: 16 },
  },
  shared: {},
};

const MODELS = ['writer', 'judge', 'rater', 'solver', 'scorer'];

export function planOf({ n, seed, windowRows }: Shape, limit: number): Promise<Plan> {
  const servers = (name: string): object => ({ replicas: [`http://${name}/v1`], model: name });
  const entries = MODELS.map((name) => [
    name,
    name === 'scorer'
      ? { pooling: servers(name), template: 'chatml' }
      : { openai: servers(name), template: 'chatml' },
  ]);
  return checkText(
    JSON.stringify({
      ...{ name: 'five', seed, limit, models: Object.fromEntries(entries) },
      source: { windowRows, batchRows: 8 },
      steps: [
        { generate: { generators: [{ model: 'writer' }] } },
        { judgeSolvability: { model: 'judge' } },
        { scoreDifficulty: { model: 'rater' } },
        { respond: { model: 'solver', n } },
        { scoreReward: { model: 'scorer', method: 'score' } },
        { keepBest: {} },
      ],
    }),
  );
}

/** How the first `limit` rows of a shape went, by the second of virtual time. */
export async function simulateRun(
  shape: Shape,
  limit: number,
): Promise<{ plan: Plan; events: MeasuredEvent[] }> {
  const plan = await planOf(shape, limit);
  const clock = simulatedClock();
  const ended = new AbortController();
  const engines = new Map<string, Served>();
  const models = Object.fromEntries(
    MODELS.map((name) => {
      const host = shape.shared[name] ?? name;
      const served = engines.get(host) ?? serveEngine(shape.engines[host]!, clock, ended.signal);
      engines.set(host, served);
      return [name, modelOn(served, name, shape)];
    }),
  );
  const steps: Record<string, StepCounts> = {};
  const events: MeasuredEvent[] = [];
  const measure = (): void => {
    const counts = Object.fromEntries(Object.entries(steps).map(([step, own]) => [step, { ...own }]));
    const stats = Object.fromEntries(Object.entries(models).map(([name, model]) => [name, model.stats()]));
    events.push({
      ...{ event: 'measured', elapsedS: clock.nowMs() / 1000, issued: 0, watermark: 0, inFlight: 0, kept: 0 },
      ...{ steps: counts, models: stats, before: NO_TOTALS },
    });
  };
  void (async () => {
    for (;;) {
      await clock.sleep(1000, ended.signal).catch(() => {});
      if (ended.signal.aborted) return;
      measure();
    }
  })();
  measure();
  const running = runPlan(plan, {
    models,
    prompt: promptFrom(plan.folder, checkDeps()),
    read: sourceReader(plan.settings.source, plan.folder, nodeFiles),
    sink: { append: async () => {}, appendEvents: async () => {}, commit: async () => {} },
    onCounts(step, counts) {
      const sum = (steps[step] ??= { rowsIn: 0, kept: 0, dropped: 0, rejected: 0 });
      for (const key of ['rowsIn', 'kept', 'dropped', 'rejected'] as const) sum[key] += counts[key];
    },
  });
  await clock.until(running);
  measure();
  ended.abort();
  return { plan, events };
}

interface Job {
  promptTokens: number;
  tokens: number;
}

interface Served {
  /** Resolves with the milliseconds that the request was at the engine. */
  ask(seq: number, jobs: Job[]): Promise<number>;
  load(): { inFlight: number; queued: number };
}

/** An engine that lives on the clock, and gets as many sequences at once as it has slots, those of the oldest row first. */
function serveEngine(config: Partial<EngineConfig>, clock: SimulatedClock, signal: AbortSignal): Served {
  const engine = createEngine(config);
  const { slots } = engine.config;
  const waiting: { seq: number; jobs: Job[]; begin: () => void }[] = [];
  let [inFlight, sequences] = [0, 0];
  let wake = (): void => {};
  void (async () => {
    while (!signal.aborted) {
      const nextMs = engine.nextEventMs();
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const asleep = new AbortController();
      const waits = Number.isFinite(nextMs)
        ? [clock.sleep(Math.max(0, nextMs - clock.nowMs()), asleep.signal).catch(() => {})]
        : [];
      await Promise.race([woken, ...waits]);
      asleep.abort();
      engine.advance(clock.nowMs());
    }
  })();
  signal.addEventListener('abort', () => wake());

  function letIn(): void {
    while (waiting.length > 0 && (sequences === 0 || sequences + waiting[0]!.jobs.length <= slots))
      waiting.shift()!.begin();
  }

  function begin(jobs: Job[], resolve: (ms: number) => void): void {
    const sentMs = clock.nowMs();
    inFlight += 1;
    sequences += jobs.length;
    engine.submit(jobs, sentMs, (atMs) => {
      inFlight -= 1;
      sequences -= jobs.length;
      resolve(atMs - sentMs);
      letIn();
    });
    wake();
  }

  return {
    ask: (seq, jobs) =>
      new Promise((resolve) => {
        const at = waiting.findIndex((other) => other.seq > seq);
        waiting.splice(at < 0 ? waiting.length : at, 0, { seq, jobs, begin: () => begin(jobs, resolve) });
        letIn();
      }),
    load: () => ({ inFlight, queued: waiting.length }),
  };
}

function modelOn({ ask, load }: Served, name: string, shape: Shape): Model {
  const tally = createTally();
  const draw = (seq: number, at: number): number => deriveUniform(shape.seed, name, seq, at);
  const tokensOf = (seq: number, at: number, mean: number): number => {
    const normal =
      Math.sqrt(-2 * Math.log(1 - draw(seq, 2 * at + 100))) * Math.cos(2 * Math.PI * draw(seq, 2 * at + 101));
    return Math.max(1, Math.round(mean * Math.exp(shape.spread * normal - shape.spread ** 2 / 2)));
  };
  async function asked(
    seq: number,
    step: string | undefined,
    promptTokens: number,
    lengths: number[],
  ): Promise<void> {
    tally.counts.requests++;
    const ms = await ask(
      seq,
      lengths.map((tokens) => ({ promptTokens, tokens })),
    );
    tally.uses.busy(ms, step);
    tally.answered({ promptTokens, completionTokens: lengths.reduce((a, b) => a + b, 0) }, step);
  }
  return {
    ...{ name, can: { preQuery: true, choose: true, score: true, embed: false } },
    async complete({ seq, n, step }): Promise<Choice[]> {
      const mean = { writer: 80, judge: 150 }[name] ?? shape.length;
      const lengths = Array.from({ length: n }, (_, at) => tokensOf(seq, at, mean));
      await asked(seq, step, 60, lengths);
      const text =
        name === 'writer' ? `What is ${seq} plus ${seq % 7}?` : draw(seq, 1) < shape.solvable ? 'Yes' : 'No';
      return lengths.map((tokens) => ({
        text: name === 'solver' ? 'It is \\boxed{3}' : text,
        finish: 'stop',
        tokens,
      }));
    },
    async choose({ seq, options, step }) {
      await asked(seq, step, 200, [1]);
      return options.map((_, at) => draw(seq, at) / options.length);
    },
    async score({ seq, items, step }) {
      await asked(
        seq,
        step,
        400 * items.length,
        items.map(() => 0),
      );
      return items.map((_, at) => draw(seq, at));
    },
    embed: () => Promise.reject(new Error('nobody embeds')),
    execute: () => Promise.reject(new Error('nobody runs programs')),
    stats(): ModelStats {
      return { ...tally.counts, ...tally.uses.stats(), ...load(), memoryPeakBytes: 0 };
    },
    close: async () => {},
  };
}
