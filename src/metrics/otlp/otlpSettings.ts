import { ScaleQuestError } from '../../errors.js';

/** What OpenTelemetry’s variables say, as far as its packages do not read them themselves. */
export interface OtlpSettings {
  /** Share of the rows whose calls are traced, 0 … 1. */
  share: number;
  /** The span that the run belongs to, where whoever starts it names one in TRACEPARENT. */
  parent: { traceId: string; spanId: string } | null;
  metricsPeriodMs: number;
  sendsTraces: boolean;
  sendsMetrics: boolean;
  /** Whether the variables bound the time of an export. */
  hasTimeout: boolean;
}

/** A tenth of the rows took a fifth of the CPU of a run that does little else than ask (docs/benchmarks.md). */
const SHARE_DEFAULT = 0.01;
const METRICS_PERIOD_MS = 10_000;

/** Reads the environment. A share that is given counts more. Throws ERR_USAGE. */
export function otlpSettings(
  env: Readonly<Record<string, string | undefined>>,
  share?: number,
): OtlpSettings {
  const protocol = env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/protobuf';
  if (protocol !== 'http/protobuf')
    throw new ScaleQuestError(
      'ERR_USAGE',
      `found OTEL_EXPORTER_OTLP_PROTOCOL=${protocol}, expected http/protobuf: collectors take it at port 4318`,
    );
  const parent = parentIn(env['TRACEPARENT']);
  const sendsTraces = env['OTEL_TRACES_EXPORTER'] !== 'none';
  const isLeftOut = !sendsTraces || (parent !== null && !parent.isSampled);
  return {
    hasTimeout: Object.keys(env).some((name) => TIMEOUTS.test(name)),
    ...{ sendsTraces, sendsMetrics: env['OTEL_METRICS_EXPORTER'] !== 'none' },
    share: isLeftOut ? 0 : (share ?? shareIn(env) ?? SHARE_DEFAULT),
    parent,
    metricsPeriodMs: wholeNumber(env['OTEL_METRIC_EXPORT_INTERVAL']) ?? METRICS_PERIOD_MS,
  };
}

const TIMEOUTS = /^OTEL_EXPORTER_OTLP_(TRACES_|METRICS_)?TIMEOUT$/;

/** W3C trace context: version, trace, span, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

function parentIn(text = ''): { traceId: string; spanId: string; isSampled: boolean } | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Undefined where the variables name no sampler that is known here. */
function shareIn(env: Readonly<Record<string, string | undefined>>): number | undefined {
  switch (env['OTEL_TRACES_SAMPLER']?.replace(/^parentbased_/, '')) {
    case 'always_on':
      return 1;
    case 'always_off':
      return 0;
    case 'traceidratio': {
      const ratio = Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? '1');
      return ratio >= 0 && ratio <= 1 ? ratio : undefined;
    }
    default:
      return undefined;
  }
}

function wholeNumber(text = ''): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
