import type { Durations, ModelStats, ReplicaStats } from '../backends/model.js';
import { DURATION_BOUNDS_S } from '../backends/server/durations.js';
import type { StepCounts } from '../flow/steps/outcome.js';
import type { TrainingNow } from '../run/monitor/runState.js';
import { PHASES, REASONS_MAX, type Reading } from './meter.js';

/** A value of a metric, and what it is the value of. */
export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
  /** Which series of a histogram it belongs to. */
  suffix?: '_bucket' | '_sum' | '_count';
}

/** A metric by Prometheus’ conventions: base units in its name, `_total` for what only grows, and few labels. */
export interface RunMetric {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  labels: readonly string[];
  read(reading: Reading): Sample[];
}

/** A trainer names its numbers as it likes, and each name is a series. */
const TRAINING_NAMES_MAX = 32;
const TRAININGS_MAX = 8;

/** All that a run tells its monitors: the page, docs/metrics.md and OpenTelemetry are made from this list. */
export const RUN_METRICS: readonly RunMetric[] = [
  {
    name: 'scalequest_run_info',
    type: 'gauge',
    help: 'Always 1: which run this is',
    labels: ['pipeline', 'run', 'version'],
    read: ({ facts }) =>
      facts
        ? [{ labels: { pipeline: facts.pipeline, run: facts.run, version: facts.version }, value: 1 }]
        : [],
  },
  {
    name: 'scalequest_run_phase',
    type: 'gauge',
    help: `1 for the phase that the run is in, 0 for the others: ${PHASES.join(', ')}`,
    labels: ['phase'],
    read: ({ phase }) => PHASES.map((each) => ({ labels: { phase: each }, value: each === phase ? 1 : 0 })),
  },
  {
    name: 'scalequest_chain_link_info',
    type: 'gauge',
    help: 'Always 1: which link of a chain the run is; absent without a chain',
    labels: ['chain', 'link'],
    read: ({ facts }) =>
      facts?.chain ? [{ labels: { chain: facts.chain.chain, link: facts.chain.link }, value: 1 }] : [],
  },
  single(
    'scalequest_chain_link_number',
    'gauge',
    'Number of the link that is done now, from 1; absent without a chain',
    (now) => now.facts?.chain?.number,
  ),
  single(
    'scalequest_chain_links',
    'gauge',
    'Links of the chain; absent without a chain',
    (now) => now.facts?.chain?.links,
  ),
  single('scalequest_run_start_time_seconds', 'gauge', 'Unix time of this start of the run', ({ facts }) => {
    return facts?.startedS;
  }),
  single(
    'scalequest_target_rows',
    'gauge',
    'Rows that the set shall have; absent without a target',
    (now) => {
      return now.facts?.target;
    },
  ),
  single(
    'scalequest_source_rows_total',
    'counter',
    'Source rows whose fate is decided, those of earlier starts included',
    ({ sourceRows }) => sourceRows,
  ),
  single(
    'scalequest_kept_rows_total',
    'counter',
    'Rows of the set, those of earlier starts included',
    ({ rowsKept }) => rowsKept,
  ),
  single(
    'scalequest_committed_rows_total',
    'counter',
    'Rows of the set that lie in shards and outlast a crash, those of earlier starts included',
    ({ rowsCommitted }) => rowsCommitted,
  ),
  single(
    'scalequest_rows_in_flight',
    'gauge',
    'Source rows that were read and are not with the writer yet',
    (now) => now.rowsInFlight,
  ),
  single(
    'scalequest_run_progress_ratio',
    'gauge',
    'How much of the run is done, 0 to 1; absent where nothing tells its end',
    (now) => now.progress ?? undefined,
  ),
  single(
    'scalequest_run_remaining_seconds',
    'gauge',
    'Time to the end, if it goes on as in the last half minute; absent where that cannot be told',
    (now) => now.remainingS ?? undefined,
  ),
  single('scalequest_commits_total', 'counter', 'Commits of this start', ({ commits }) => commits),
  single(
    'scalequest_source_skipped_lines_total',
    'counter',
    'Lines of the source that are no rows and were left out by this start',
    ({ linesSkipped }) => linesSkipped,
  ),
  single('scalequest_workers', 'gauge', 'Workers that are connected', ({ workers }) => workers),
  step('rows_in', 'Rows that reached the step', (counts) => counts.rowsIn),
  step('rows_kept', 'Rows that left the step', (counts) => counts.kept),
  step('rows_dropped', 'Rows that the step dropped by its decision', (counts) => counts.dropped),
  step('rows_rejected', 'Rows that the step could not decide', (counts) => counts.rejected),
  {
    name: 'scalequest_step_lost_rows_total',
    type: 'counter',
    help: `Rows that the step lost, by reason or code, once they reach the writer; \`other\` beyond ${REASONS_MAX}, in this start`,
    labels: ['step', 'kind', 'reason'],
    read: ({ lost }) =>
      lost.map(({ step: label, kind, reason, rows }) => ({
        labels: { step: label, kind, reason },
        value: rows,
      })),
  },
  model('requests_total', 'counter', 'Requests begun, without their retries', (stats) => stats.requests),
  model('retries_total', 'counter', 'Requests sent again after a failure', (stats) => stats.retries),
  model('failures_total', 'counter', 'Requests that failed in the end', (stats) => stats.failures),
  model(
    'store_hits_total',
    'counter',
    'Calls that the store of replies answered; absent without a store',
    (stats) => stats.storeHits,
  ),
  model('prompt_tokens_total', 'counter', 'Tokens of all prompts', (stats) => stats.promptTokens),
  model('completion_tokens_total', 'counter', 'Tokens of all replies', (stats) => stats.completionTokens),
  model(
    'reasoning_tokens_total',
    'counter',
    'Tokens of thoughts among those of all replies; absent where no server counts them apart',
    (stats) => stats.reasoningTokens,
  ),
  {
    name: 'scalequest_model_request_duration_seconds',
    type: 'histogram',
    help: 'How long requests were at a server, each try counted, without our own queue; absent before the first',
    labels: ['model'],
    read: ({ models }) =>
      Object.entries(models).flatMap(([label, { durations }]) =>
        durations ? durationSamples(label, durations) : [],
      ),
  },
  model('requests_in_flight', 'gauge', 'Requests that wait for a reply now', (stats) => stats.inFlight),
  model('requests_queued', 'gauge', 'Requests that wait to be sent now', (stats) => stats.queued),
  model('waiting', 'gauge', '1 while calls fail and none has been answered since, else 0', ({ trouble }) =>
    trouble === undefined ? 0 : 1,
  ),
  model(
    'memory_peak_bytes',
    'gauge',
    'The most memory that the processes of the model have held; 0 for a server elsewhere',
    (stats) => stats.memoryPeakBytes,
  ),
  replica(
    'requests_total',
    'counter',
    'Requests sent to the server, each try counted',
    (own) => own.requests,
  ),
  replica('failures_total', 'counter', 'Requests to it that came to nothing', (own) => own.failures),
  replica('prompt_tokens_total', 'counter', 'Tokens of the prompts that it answered', (own) => {
    return own.promptTokens;
  }),
  replica('completion_tokens_total', 'counter', 'Tokens of the replies that it gave', (own) => {
    return own.completionTokens;
  }),
  replica('requests_in_flight', 'gauge', 'Requests that wait for its reply now', (own) => own.inFlight),
  replica('sequences', 'gauge', 'Sequences that it has now, of all models', (own) => own.outstanding),
  replica('sequences_limit', 'gauge', 'Sequences that it may be given at a time', (own) => own.limit),
  replica('available', 'gauge', '1 while it takes calls, 0 while it is left out', ({ state }) => {
    return state === 'closed' ? 1 : 0;
  }),
  {
    name: 'scalequest_cost_total',
    type: 'counter',
    help: 'What the models have cost, by their prices; absent without a price, in this start',
    labels: ['currency'],
    read: ({ cost }) =>
      Object.entries(cost.money).map(([currency, value]) => ({ labels: { currency }, value })),
  },
  single(
    'scalequest_gpu_seconds_total',
    'counter',
    'GPUs that were held, times seconds; absent where no model says how many it has, in this start',
    ({ cost }) => (cost.gpuHours === null ? undefined : cost.gpuHours * 3600),
  ),
  {
    name: 'scalequest_training_value',
    type: 'gauge',
    help: `What a trainer reported last, by its own names, ${TRAINING_NAMES_MAX} at most; none that is not finite`,
    labels: ['training', 'name'],
    read: ({ trainings }) => trainings.slice(-TRAININGS_MAX).flatMap(trainingSamples),
  },
  single('process_cpu_seconds_total', 'counter', 'Processor time of this process', ({ use }) => use.cpuS),
  single('process_resident_memory_bytes', 'gauge', 'Memory that this process holds', ({ use }) => {
    return use.residentBytes;
  }),
];

/** Buckets of Prometheus hold what the ones before them hold. */
function durationSamples(label: string, { counts, sumS }: Durations): Sample[] {
  let count = 0;
  const buckets = counts.map((own, at): Sample => {
    count += own;
    const le = at < DURATION_BOUNDS_S.length ? `${DURATION_BOUNDS_S[at]}` : '+Inf';
    return { labels: { model: label, le }, value: count, suffix: '_bucket' };
  });
  const labels = { model: label };
  return [...buckets, { labels, value: sumS, suffix: '_sum' }, { labels, value: count, suffix: '_count' }];
}

function trainingSamples({ label, metrics }: TrainingNow): Sample[] {
  return Object.entries(metrics)
    .slice(0, TRAINING_NAMES_MAX)
    .filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => ({ labels: { training: label, name }, value }));
}

function single(
  name: string,
  type: RunMetric['type'],
  help: string,
  read: (reading: Reading) => number | undefined,
): RunMetric {
  return { name, type, help, labels: [], read: (reading) => samplesOf({}, read(reading)) };
}

function step(name: string, help: string, read: (counts: StepCounts) => number): RunMetric {
  return {
    name: `scalequest_step_${name}_total`,
    type: 'counter',
    help: `${help}, in this start`,
    labels: ['step'],
    read: ({ steps }) =>
      Object.entries(steps).map(([label, counts]) => ({ labels: { step: label }, value: read(counts) })),
  };
}

function model(
  name: string,
  type: RunMetric['type'],
  help: string,
  read: (stats: ModelStats) => number | undefined,
): RunMetric {
  return {
    name: `scalequest_model_${name}`,
    type,
    help: type === 'counter' ? `${help}, in this start` : help,
    labels: ['model'],
    read: ({ models }) =>
      Object.entries(models).flatMap(([label, stats]) => samplesOf({ model: label }, read(stats))),
  };
}

function replica(
  name: string,
  type: RunMetric['type'],
  help: string,
  read: (stats: ReplicaStats) => number,
): RunMetric {
  return {
    name: `scalequest_replica_${name}`,
    type,
    help: type === 'counter' ? `${help}, in this start` : help,
    labels: ['model', 'replica'],
    read: ({ models }) =>
      Object.entries(models).flatMap(([label, { replicas = [] }]) =>
        summedByHost(replicas, read).map(([host, value]) => ({
          labels: { model: label, replica: host },
          value,
        })),
      ),
  };
}

/** Host and port alone: the rest of an address may hold a password. Servers that share both are one. */
function summedByHost(
  replicas: readonly ReplicaStats[],
  read: (stats: ReplicaStats) => number,
): [string, number][] {
  const byHost = new Map<string, number>();
  for (const own of replicas) {
    const host = URL.canParse(own.url) ? new URL(own.url).host : 'unknown';
    byHost.set(host, (byHost.get(host) ?? 0) + read(own));
  }
  return [...byHost];
}

function samplesOf(labels: Sample['labels'], value: number | undefined): Sample[] {
  return value === undefined ? [] : [{ labels, value }];
}
