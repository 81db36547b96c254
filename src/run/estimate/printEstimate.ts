import { amountText, moneyText } from '../cost.js';
import { printTable } from '../report/report.js';
import type { PipelineEstimate } from './estimatePipeline.js';
import type { Likely } from './sampling.js';

/** An estimate for people: by step, by servers, and for the whole. */
export function printEstimate(name: string, estimate: PipelineEstimate): string {
  const { basis, steps, servers } = estimate;
  const basisText =
    basis.from === null
      ? 'from what the file states'
      : `from ${countText(basis.rows)} rows of ${basis.from}${basis.isDone ? '' : ', whose run is not finished'}; ` +
        '95 % of the draws lie between the two numbers in brackets';
  const stepRows = steps.flatMap(({ step, rowsIn, kept, models }) => {
    const first = [step, countOf(rowsIn), countOf(kept)];
    const asked = Object.entries(models).map(([model, { requests, promptTokens, completionTokens }]) => [
      ...[model, countOf(requests), countOf(promptTokens), countOf(completionTokens)],
    ]);
    return (asked.length > 0 ? asked : [['–', '–', '–', '–']]).map((cells) => [...first, ...cells]);
  });
  return [
    `Estimate of ${name}, ${basisText}`,
    '',
    printTable(['step', 'rows in', 'kept', 'model', 'requests', 'tokens in', 'tokens out'], stepRows),
    '',
    ...(servers.length > 0
      ? [printTable(['servers of', 'servers', 'busy, h', 'enough', ''], servers.map(serversRow)), '']
      : []),
    ...totalLines(estimate),
  ].join('\n');
}

function serversRow(
  { models, servers, hours, serversEnough, isFull }: PipelineEstimate['servers'][number],
  at: number,
): string[] {
  const note = [at === 0 ? 'the bottleneck' : '', isFull ? '' : 'were never full, may be faster'];
  return [
    ...[
      models.join(', '),
      String(servers),
      hours.mean > 0 ? amountText(hours.mean) : 'unknown',
      String(serversEnough),
    ],
    note.filter(Boolean).join('; '),
  ];
}

function totalLines(estimate: PipelineEstimate): string[] {
  const { rowsIn, rowsKept, requests, tokens, hours, gpuHours, money, unknown } = estimate;
  const { memoryMiB, runBytes, storeBytes, servers } = estimate;
  const paid = Object.entries(money).map(
    ([currency, amount]) => `${moneyText(amount.mean, currency)}${rangeOf(amount, amountText)}`,
  );
  const missing = Object.entries(unknown).map(([model, reason]) => `what ${model} costs (${reason})`);
  const isKnown = servers.some(({ hours: busy }) => busy.mean > 0);
  const memory = Object.entries(memoryMiB).map(([step, mib]) => `${step} ${countText(mib)} MiB`);
  const disk = [
    ...(runBytes === null ? [] : [`run ${sizeText(runBytes)}`]),
    ...(storeBytes === null ? [] : [`store about ${sizeText(storeBytes)}`]),
  ];
  return [
    `rows      ${withRange(rowsIn, countText)} of the source, ${withRange(rowsKept, countText)} kept`,
    `requests  ${withRange(requests, countText)}`,
    `tokens    ${withRange(tokens, countText)}`,
    `hours     ${isKnown ? withRange(hours, amountText) : 'unknown: state `estimate.models.NAME.tokensPerS`'}`,
    ...(gpuHours ? [`GPU hours ${withRange(gpuHours, amountText)}`] : []),
    `money     ${[...paid, ...missing].join(' and ') || 'nothing'}`,
    ...(memory.length > 0 ? [`memory    ${memory.join(', ')}`] : []),
    ...(disk.length > 0 ? [`disk      ${disk.join(', ')}`] : []),
  ];
}

function countOf({ mean }: Likely): string {
  return countText(mean);
}

function countText(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function withRange(interval: Likely, text: (value: number) => string): string {
  return `${text(interval.mean)}${rangeOf(interval, text)}`;
}

/** Empty where both ends read as one. */
function rangeOf({ low, high }: Likely, text: (value: number) => string): string {
  return text(low) === text(high) ? '' : ` [${text(low)} … ${text(high)}]`;
}

function sizeText(bytes: number): string {
  const mib = bytes / 2 ** 20;
  return mib < 1024 ? `${amountText(mib)} MiB` : `${amountText(mib / 1024)} GiB`;
}
