import { ScaleQuestError } from '../../errors.js';

/** OpenTelemetry is an optional peer of this package: whoever sends nothing need not install it. package.json has the same ranges. */
export const OTLP_PACKAGES = {
  '@opentelemetry/api': '1.9.x',
  '@opentelemetry/resources': '2.12.x',
  '@opentelemetry/sdk-trace': '2.12.x',
  '@opentelemetry/sdk-metrics': '2.12.x',
  '@opentelemetry/exporter-trace-otlp-proto': '0.223.x',
  '@opentelemetry/exporter-metrics-otlp-proto': '0.223.x',
} as const;

/** The error for one of them that cannot be found. */
export function packagesMissing(cause: unknown): ScaleQuestError {
  const wanted = Object.entries(OTLP_PACKAGES).map(([name, range]) => `${name}@${range}`);
  return new ScaleQuestError(
    'ERR_USAGE',
    'found no packages of OpenTelemetry, which send by OTLP, expected them beside scalequest: ' +
      `npm install ${wanted.join(' ')}`,
    { cause },
  );
}
