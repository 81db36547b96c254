import type { Clock } from '../../src/clock.js';
import type { FailureKind } from '../../src/backends/http/tryFailure.js';
import { POLL_TIMEOUT_MS } from '../../src/backends/limits.js';
import type { StatusClient } from '../../src/backends/pool/statusClient.js';
import { type Engine, type EngineConfig, createEngine } from '../endpoint/engine.js';
import { createLag } from '../endpoint/metrics.js';

/** A call as a server sees it. */
export interface Call {
  /** Tokens of each of its sequences. */
  tokens: readonly number[];
  promptTokens: number;
}

export interface ServerConfig extends Partial<EngineConfig> {
  slots: number;
  /** One way. */
  latencyMs: number;
  /** Age of what the page says. */
  metricsLagMs: number;
}

/**
 * How a server is away. What it had is lost where it takes no connection (`unreachable`), refuses everything while it loads
 * (`loading`), or a gateway answers for it (`gateway`). What it had goes on where it only refuses new calls (`refusing`), and stands
 * still where it says nothing at all for a while (`hung`).
 */
export type Absence = 'unreachable' | 'loading' | 'gateway' | 'refusing' | 'hung';

/** The failure of a call that finds it so. */
const FAILURES: Readonly<Record<Absence, FailureKind>> = {
  ...{ unreachable: 'unreachable', loading: 'busy', gateway: 'server', refusing: 'busy', hung: 'timeout' },
};

/**
 * A server in virtual time, with its metrics page, and a network before it that takes a moment each way. Whatever the machine
 * does meanwhile, the result is the same.
 */
export interface SimulatedServer {
  readonly engine: Engine;
  /** As its engine counts. */
  nowMs(): number;
  readonly status: StatusClient;
  /** Resolves when the call is answered; rejects with what `failed` makes of it. */
  answer(call: Call): Promise<void>;
  leave(how: Absence): void;
  /** With another configuration if given. */
  comeBack(change?: Partial<EngineConfig>): void;
  close(): Promise<void>;
}

/** The engine counts from when the server begins, which must be when the clock is at 0. */
export function simulatedServer(
  clock: Clock,
  { latencyMs, metricsLagMs, ...config }: ServerConfig,
  failed: (kind: FailureKind) => Error = (kind) => new Error(kind),
): SimulatedServer {
  const engine = createEngine(config);
  const lag = createLag();
  const ended = new AbortController();
  const open = new Set<(error: Error) => void>();
  let rearm = new AbortController();
  let away: Absence | null = null;
  /** Its own time stands still while it hangs. */
  let hungAtMs = 0;
  let hungMs = 0;

  const nowMs = (): number => (away === 'hung' ? hungAtMs : clock.nowMs()) - hungMs;

  /** Wakes at the engine's next event; a request may bring that forward. */
  async function drive(): Promise<void> {
    while (!ended.signal.aborted) {
      const waitMs = Math.min(1e9, away === 'hung' ? 1e9 : engine.nextEventMs() - nowMs());
      // Less than the clock's last digit would be no step at all.
      await clock.sleep(waitMs > 0 ? Math.max(0.001, waitMs) : 0, rearm.signal).catch(() => undefined);
      rearm = new AbortController();
      engine.advance(nowMs());
    }
  }

  async function sample(): Promise<void> {
    while (!ended.signal.aborted) {
      lag.note(clock.nowMs(), engine.published(nowMs()));
      await clock.sleep(20, ended.signal).catch(() => undefined);
    }
  }

  function work({ tokens, promptTokens }: Call): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const jobs = tokens.map((count) => ({ promptTokens, tokens: count }));
      open.add(reject);
      engine.submit(jobs, nowMs(), () => {
        open.delete(reject);
        resolve();
      });
      rearm.abort();
    });
  }

  const isThere = (): boolean => away === null || away === 'refusing';
  const pollMs = (): number => (away === 'hung' ? POLL_TIMEOUT_MS : latencyMs);

  const status: StatusClient = {
    async load() {
      await clock.sleep(pollMs());
      if (!isThere()) return away === 'unreachable' || away === 'hung' ? 'silent' : null;
      return lag.at(clock.nowMs() - metricsLagMs);
    },
    async isReachable() {
      await clock.sleep(pollMs());
      return isThere();
    },
    isReady: async () => away === null,
    close: async () => undefined,
  };
  const running = [drive(), sample()];

  return {
    ...{ engine, status, nowMs },
    async answer(call) {
      await clock.sleep(latencyMs);
      if (away !== null && away !== 'hung') throw failed(FAILURES[away]);
      await work(call);
      await clock.sleep(latencyMs);
    },
    leave(how) {
      hungAtMs = clock.nowMs();
      away = how;
      if (how === 'refusing' || how === 'hung') return;
      engine.setDown(true, nowMs());
      for (const reject of open) reject(failed(how === 'gateway' ? 'server' : 'reset'));
      open.clear();
    },
    comeBack(change = {}) {
      if (away === 'hung') hungMs += clock.nowMs() - hungAtMs;
      away = null;
      engine.setDown(false, nowMs());
      engine.configure(change, nowMs());
      rearm.abort();
    },
    async close() {
      ended.abort();
      rearm.abort();
      await Promise.all(running);
    },
  };
}
