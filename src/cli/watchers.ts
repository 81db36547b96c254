import type { Command } from 'commander';
import type { ChainPlace, FollowedWork } from '../run/chain/chainLinks.js';
import type { PipelineRun } from '../run/runPipeline.js';
import { signalOnInterrupt } from './interrupt.js';
import { type LiveFlags, declareLive, openLivePage, stayOpen } from './livePage.js';
import { type MonitorFlags, declareMonitors, openMonitors } from './monitors.js';

/** Flags of commands that others may watch: by a page, by monitors. */
export interface WatchFlags extends MonitorFlags, LiveFlags {}

/** `--metrics`, `--otlp`, `--trace-share` and `--live`. */
export function declareWatchers(command: Command): Command {
  return declareLive(declareMonitors(command));
}

/** Who watches a command, and may end it. */
export interface Watchers {
  /** Aborted by Ctrl-C, and by the page. */
  signal: AbortSignal;
  /** The option `calls` of a run. */
  calls: number | undefined;
  follow(work: PipelineRun | FollowedWork, chain?: ChainPlace): void;
  /** Keeps a page open at the end, where somebody is there to press Ctrl-C. */
  stay(): Promise<void>;
  /** Tells the rest, and closes. */
  close(): Promise<void>;
}

/**
 * Opens what the flags ask for, before anything is paid for: a port may be in use, a package missing. Throws ERR_METRICS_LISTEN,
 * ERR_VIEW_LISTEN and ERR_USAGE.
 */
export async function openWatchers(flags: WatchFlags): Promise<Watchers> {
  const { signal: interrupted, dispose } = signalOnInterrupt();
  const stopped = new AbortController();
  const signal = AbortSignal.any([interrupted, stopped.signal]);
  const monitors = await openMonitors(flags);
  async function endMonitors(): Promise<void> {
    await monitors.end(signal);
    dispose();
  }
  const view = await openLivePage(flags, () => stopped.abort()).catch(async (error: unknown) => {
    await endMonitors();
    throw error;
  });
  return {
    signal,
    calls: monitors.calls,
    follow(work, chain) {
      monitors.follow(work, chain);
      view?.follow(work, chain);
    },
    async stay() {
      if (view) await stayOpen(view, interrupted);
    },
    async close() {
      await view?.close();
      await endMonitors();
    },
  };
}
