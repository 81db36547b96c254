import { ScaleQuestError } from '../errors.js';
import type { PipelineRun } from '../run/runPipeline.js';

/** Flags that tell others of a run. */
export interface MonitorFlags {
  metrics?: { host: string; port: number };
  otlp?: boolean;
  traceShare?: number;
}

/** What tells others of a run. */
export interface Monitors {
  /** The option `calls` of the run. */
  calls: number | undefined;
  follow(run: PipelineRun): void;
  /** Tells the rest, and closes. */
  end(signal: AbortSignal): Promise<void>;
}

/** Opens what the flags ask for, and loads nothing else. Throws ERR_METRICS_LISTEN and ERR_USAGE. */
export async function openMonitors({ metrics, otlp, traceShare }: MonitorFlags): Promise<Monitors> {
  if (traceShare !== undefined && !otlp)
    throw new ScaleQuestError('ERR_USAGE', 'found --trace-share without --otlp, expected both');
  const sender = otlp ? await openSender(traceShare) : null;
  const page = metrics ? await openPage(metrics) : null;
  const all = [sender, page].filter((each) => each !== null);
  return {
    calls: sender?.calls,
    follow(run) {
      for (const { follow } of all) follow(run);
    },
    async end(signal) {
      await Promise.all(all.map(({ end }) => end(signal)));
    },
  };
}

async function openPage(address: { host: string; port: number }): Promise<Omit<Monitors, 'calls'>> {
  const { openMetrics } = await import('../metrics/openMetrics.js');
  const page = await openMetrics(address);
  process.stderr.write(`Metrics at ${page.url}.\n`);
  return {
    follow: page.follow,
    end: (signal) =>
      page.end(signal, (waitS) => {
        process.stderr.write(`Waiting up to ${waitS} s for the monitor's last look at ${page.url}.\n`);
      }),
  };
}

async function openSender(share: number | undefined): Promise<Monitors> {
  const { openOtlp } = await import('../metrics/otlp/openOtlp.js');
  const sender = await openOtlp({ share });
  return {
    calls: sender.calls,
    follow: sender.follow,
    async end(signal) {
      const { spans, metrics, reason } = await sender.end(signal);
      if (spans + metrics === 0) return;
      const why = reason ?? 'no answer in time, or there were too many';
      process.stderr.write(
        `The collector did not take ${spans} spans, and ${metrics} times the metrics: ${why}.\n`,
      );
    },
  };
}
