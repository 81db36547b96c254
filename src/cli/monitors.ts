import { ScaleQuestError } from '../errors.js';
import type { Command } from 'commander';
import type { ChainPlace, FollowedWork } from '../run/chain/chainLinks.js';
import { parseShare } from './command.js';
import { parsePortOrAddress } from './parseAddress.js';

/** Flags that tell others of a run. */
export interface MonitorFlags {
  metrics?: { host: string; port: number };
  otlp?: boolean;
  traceShare?: number;
}

/** `--metrics`, `--otlp` and `--trace-share`. */
export function declareMonitors(command: Command): Command {
  return command
    .option(
      '--metrics <[host:]port>',
      'serve a page for Prometheus while it runs, to this machine alone unless a host is given',
      parsePortOrAddress,
    )
    .option('--otlp', 'send traces and metrics to the collector at OTEL_EXPORTER_OTLP_ENDPOINT')
    .option(
      '--trace-share <share>',
      'with --otlp: the share of the rows whose calls are traced, 0 to 1; 0.01 if absent',
      parseShare,
    );
}

/** What tells others of a run. */
export interface Monitors {
  /** The option `calls` of the run. */
  calls: number | undefined;
  follow(run: FollowedWork, chain?: ChainPlace): void;
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
    follow(run, chain) {
      for (const { follow } of all) follow(run, chain);
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
