import assert from 'node:assert/strict';
import type { Model } from '../../src/backends/model.js';
import { closeModels, statsOf } from '../../src/run/open/openModels.js';
import type { PlacedStages, RunDeps } from '../../src/run/stream/runPlan.js';
import { placeStage } from '../../src/run/workers/placeStage.js';
import { stagesOf } from '../../src/run/workers/stages.js';
import { createStepChains } from '../../src/run/workers/stepChains.js';
import { type PreparedWorker, runWorkerLoop } from '../../src/run/workers/workerLoop.js';
import { ScaleQuestError } from '../../src/errors.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { createDispatcher } from '../../src/workers/dispatcher.js';
import type { WorkerLink } from '../../src/workers/link.js';
import {
  type PlanMessage,
  type WorkerMessage,
  type CoordinatorMessage,
  decodeMessage,
  encodeMessage,
} from '../../src/workers/messages.js';
import type { RemoteReplies } from '../../src/workers/remoteReplies.js';
import type { ReplyDesk } from '../../src/workers/replyDesk.js';
import type { SimulatedClock } from '../helpers/simulatedClock.js';
import type { Draws } from './draws.js';
import type { Lease } from './store.js';

/** What happens to a worker of an attempt. */
export interface WorkerPlan {
  joinMs: number;
  /** Most milliseconds a message takes. */
  latencyMs: number;
  answersTwice: boolean;
  trouble: WorkerTrouble;
}

export type WorkerTrouble =
  | { kind: 'none' }
  /** The process is killed; another comes in its place. */
  | { kind: 'dies'; atMs: number; backMs: number }
  /** The connection is lost; the process is not. */
  | { kind: 'cut'; atMs: number }
  /** Nothing passes in either direction for so long, as of a process or a network that stands still. */
  | { kind: 'stalls'; atMs: number; forMs: number };

export interface WorkersPlan {
  workers: readonly WorkerPlan[];
  aloneMs: number;
}

export function drawWorkers(draws: Draws): WorkersPlan | null {
  const count = draws.whole(0, 3);
  // Without a worker the coordinator does all itself, which few runs need to show.
  if (count === 0 && draws.chance(0.8)) return null;
  return {
    aloneMs: draws.pick([0, 300, 5000]),
    workers: Array.from({ length: count }, (): WorkerPlan => {
      const atMs = Math.floor(draws.uniform() ** 2 * 6000);
      const kind = draws.pick(['none', 'dies', 'dies', 'cut', 'stalls'] as const);
      return {
        joinMs: draws.pick([0, 10, 1500]),
        latencyMs: draws.pick([0, 2, 60]),
        answersTwice: draws.chance(0.3),
        trouble:
          kind === 'dies'
            ? { kind, atMs, backMs: draws.whole(0, 3000) }
            : kind === 'stalls'
              ? { kind, atMs, forMs: draws.whole(100, 9000) }
              : { kind, atMs },
      };
    }),
  };
}

/** One way between two ends, over virtual time: messages pass as bytes, in order. */
interface SimulatedLine {
  coordinator: WorkerLink<CoordinatorMessage, WorkerMessage>;
  worker: WorkerLink<WorkerMessage, CoordinatorMessage>;
  cut(): void;
}

interface LineState {
  stalledToMs: number;
}

interface End {
  onMessage?: (message: never) => void;
  onClose?: () => void;
  early: Buffer[];
}

function createLine(
  clock: SimulatedClock,
  draws: Draws,
  { latencyMs, answersTwice }: WorkerPlan,
  state: LineState,
): SimulatedLine {
  let isCut = false;
  const ends: [End, End] = [{ early: [] }, { early: [] }];

  function cut(): void {
    if (isCut) return;
    isCut = true;
    for (const end of ends) queueMicrotask(() => end.onClose?.());
  }

  function linkTo(own: End, other: End): WorkerLink<{ kind: string }, never> {
    let before: Promise<void> = Promise.resolve();
    async function pass(bytes: Buffer, earlier: Promise<void>): Promise<void> {
      await clock.sleep(draws.whole(0, latencyMs));
      await earlier;
      if (state.stalledToMs > clock.nowMs()) await clock.sleep(state.stalledToMs - clock.nowMs());
      if (isCut) return;
      if (other.onMessage) other.onMessage(decodeMessage<never>(bytes));
      else other.early.push(bytes);
    }
    return {
      send(message) {
        if (isCut) return;
        const times = message.kind === 'answer' && answersTwice && draws.chance(0.5) ? 2 : 1;
        for (let time = 0; time < times; time++) before = pass(encodeMessage(message), before);
      },
      listen(onMessage, onClose) {
        own.onMessage = onMessage;
        own.onClose = onClose;
        for (const bytes of own.early.splice(0)) onMessage(decodeMessage<never>(bytes));
      },
      close: cut,
    };
  }

  return {
    coordinator: linkTo(ends[0], ends[1]) as unknown as SimulatedLine['coordinator'],
    worker: linkTo(ends[1], ends[0]) as unknown as SimulatedLine['worker'],
    cut,
  };
}

export interface SimulatedWorkersDeps {
  plan: Plan;
  clock: SimulatedClock;
  draws: Draws;
  desk: ReplyDesk | null;
  /** Of the coordinator. */
  models: Readonly<Record<string, Model>>;
  prompt: RunDeps['prompt'];
  /** Opens the models of one worker process. `lease` gives its lease as it is now. */
  openModels(replies: RemoteReplies | null, lease: () => Lease): Promise<Record<string, Model>>;
}

export interface SimulatedWorkers {
  placed: PlacedStages;
  tally: Readonly<{ givenAgain: number; late: number; here: number }>;
  /** Every worker has ended, and closed its models. */
  close(isDone: boolean): Promise<void>;
}

/** The real coordinator and the real loops of workers, over simulated lines. */
export function startSimulatedWorkers(
  { workers, aloneMs }: WorkersPlan,
  { plan, clock, draws, desk, models, prompt, openModels }: SimulatedWorkersDeps,
): SimulatedWorkers {
  const told: PlanMessage = {
    kind: 'plan',
    session: 'sim',
    file: '/pipeline.yaml',
    ...{ text: plan.text, identity: plan.identity, parts: plan.parts, hasStore: desk !== null },
  };
  const here = createStepChains(plan, { models, prompt });
  const dispatcher = createDispatcher({
    ...{ clock, desk, aloneMs, firstMs: aloneMs, plan: told, runHere: here.run },
    silentMs: 2500,
  });
  const ended = new AbortController();
  const violations: unknown[] = [];

  async function live(own: WorkerPlan, ownDraws: Draws, dead: AbortSignal, name: string): Promise<void> {
    const state: LineState = { stalledToMs: 0 };
    let line: SimulatedLine | null = null;
    let lease: Lease = { isLost: true };
    const cutOnDeath = (): void => line?.cut();
    dead.addEventListener('abort', cutOnDeath);
    void trouble(own, state, () => line?.cut(), dead);
    await runWorkerLoop({
      async connect() {
        await clock.sleep(ownDraws.whole(0, own.latencyMs));
        if (ended.signal.aborted) throw new ScaleQuestError('ERR_WORKER_REFUSED', 'the run has ended');
        line = createLine(clock, ownDraws, own, state);
        lease = { isLost: false };
        dispatcher.join(watched(line.coordinator, lease), name);
        return line.worker;
      },
      async prepare(_plan, replies): Promise<PreparedWorker> {
        const opened = await openModels(replies, () => lease);
        return {
          identity: plan.identity,
          chains: createStepChains(plan, { models: opened, prompt }),
          counts: () => statsOf(opened) as never,
          close: () => closeModels(Object.values(opened)),
        };
      },
      ...{ clock, signal: dead },
    }).catch(noteUnexpected);
  }

  function noteUnexpected(error: unknown): void {
    const { code } = error as ScaleQuestError;
    if (code === undefined || code === 'ERR_INVARIANT') violations.push(error);
  }

  async function trouble(
    { trouble }: WorkerPlan,
    state: LineState,
    cut: () => void,
    dead: AbortSignal,
  ): Promise<void> {
    if (trouble.kind !== 'cut' && trouble.kind !== 'stalls') return;
    await clock.sleep(trouble.atMs, dead).catch(() => {});
    if (trouble.kind === 'cut') cut();
    else state.stalledToMs = clock.nowMs() + trouble.forMs;
  }

  async function process(own: WorkerPlan, at: number): Promise<void> {
    await clock.sleep(own.joinMs, ended.signal).catch(() => {});
    for (let life = 0; life < 2 && !ended.signal.aborted; life++) {
      const death = new AbortController();
      if (own.trouble.kind === 'dies' && life === 0)
        clock.sleep(own.trouble.atMs, ended.signal).then(
          () => death.abort(),
          () => {},
        );
      const signal = AbortSignal.any([death.signal, ended.signal]);
      await live(own, draws.stream(`worker ${at} ${life}`), signal, `worker ${at} ${life}`);
      if (own.trouble.kind !== 'dies') return;
      await clock.sleep(own.trouble.backMs, ended.signal).catch(() => {});
    }
  }

  const processes = workers.map(process);
  const stages = stagesOf(plan.steps);
  return {
    tally: dispatcher.tally,
    placed: {
      stages,
      place: (at, deps) => placeStage(plan, stages[at]!, { run: dispatcher.run, ...deps }),
    },
    async close(isDone) {
      here.close();
      dispatcher.close(isDone);
      // Those that were told so end by themselves.
      if (isDone) await clock.sleep(1000);
      ended.abort();
      await Promise.all(processes);
      assert.deepEqual(violations, [], 'workers: one broke');
    },
  };
}

/** The lease is lost with the link. */
function watched(link: SimulatedLine['coordinator'], lease: Lease): SimulatedLine['coordinator'] {
  const lose = (): void => void (lease.isLost = true);
  return {
    send: link.send,
    listen: (onMessage, onClose) =>
      link.listen(onMessage, () => {
        lose();
        onClose();
      }),
    close() {
      lose();
      link.close();
    },
  };
}
