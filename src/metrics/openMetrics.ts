import type { ChainPlace, FollowedWork } from '../run/chain/chainLinks.js';
import { type SystemWorld, systemWorld } from '../run/systemWorld.js';
import { type FollowedRun, followRun, readNothing } from './followRun.js';
import { type MetricsAddress, serveMetrics } from './serveMetrics.js';

/** A page of metrics, and the run that it tells of. */
export interface ServedRunMetrics {
  /** The address of the page. */
  readonly url: string;
  /** From now on the page tells of this run, of these trainings, or of this link of a chain. */
  follow(run: FollowedWork, chain?: ChainPlace): void;
  /**
   * Closes the page. Each monitor sees the end of the run first: who scraped the page more than once, or says that it is Prometheus, is
   * awaited for twice its period, and for 30 s at most. `signal` cuts that short, and `onWaiting` is told how many seconds it may take.
   */
  end(signal?: AbortSignal, onWaiting?: (waitS: number) => void): Promise<void>;
}

/**
 * Serves the metrics of a run for Prometheus; docs/metrics.md lists them. Open it before the run: it throws ERR_METRICS_LISTEN where
 * the address cannot be had.
 *
 * @example
 * const metrics = await openMetrics({ port: 9464 });
 * const run = await runPipeline('pipelines/quickstart.yaml');
 * metrics.follow(run);
 * await run.result.finally(() => metrics.end());
 */
export async function openMetrics(
  { host = '127.0.0.1', port }: Partial<MetricsAddress> & Pick<MetricsAddress, 'port'>,
  world: Pick<SystemWorld, 'clock' | 'now'> = systemWorld(),
): Promise<ServedRunMetrics> {
  // Its library is loaded for who serves a page alone.
  const { createMetricsPage } = await import('./metricsPage.js');
  const page = createMetricsPage();
  let followed: FollowedRun | null = null;
  const served = await serveMetrics(
    { host, port },
    {
      contentType: page.contentType,
      print: () => page.print(followed?.read() ?? readNothing()),
      clock: world.clock,
    },
  );
  return {
    url: served.url,
    follow(run, chain) {
      followed?.stop();
      followed = followRun(run, world.now(), chain);
    },
    async end(signal = new AbortController().signal, onWaiting = () => {}) {
      const say = (waitMs: number): void => {
        if (waitMs >= 1000) onWaiting(Math.ceil(waitMs / 1000));
      };
      if (followed) await served.lastScrapes(signal, say);
      followed?.stop();
      await served.close();
    },
  };
}
