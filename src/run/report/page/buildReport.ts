import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import type { Column } from '../../../arrow/columnType.js';
import { TARGET_STEP } from '../../../flow/commitShards.js';
import { type Files, readWhole } from '../../../io/files/files.js';
import { openText } from '../../../io/files/seal.js';
import { packageVersion } from '../../../io/files/packageFiles.js';
import type { CommitRecord, ManifestContent } from '../../../io/runFolder/manifest.js';
import type { DensityData } from '../../../page/charts/density.js';
import type { HistogramData } from '../../../page/charts/histogram.js';
import type { ExampleRow, ReportData, ReportStep } from '../../../page/report/reportData.js';
import {
  UNKNOWN,
  type WhatIfControl,
  type WhatIfData,
  type WhatIfRows,
  binOf,
  encodeNumbers,
} from '../../../page/report/whatIf.js';
import type { Plan } from '../../../pipeline/plan.js';
import { printFigures } from '../figures.js';
import type { Performance, Report } from '../report.js';
import { binAt, edgesOf, histogramOf } from './bins.js';
import { type PlannedThreshold, controlOf, gridOf, thresholdsOf, whyNeverExact } from './controls.js';
import { type RowNumbers, gatherNumbers } from './gatherNumbers.js';
import { type RowTexts, gatherTexts } from './gatherTexts.js';
import { factsOf, modelFacts } from './facts.js';
import { similarityMinOf } from '../../../operators/deduplicate.js';
import { floorOf } from './nearDuplicates.js';
import { pickCommits } from './runRows.js';
import { readTimeline } from './timeline.js';

export interface ReportRequest {
  /** The run folder. */
  folder: string;
  manifest: ManifestContent;
  plan: Plan;
  report: Report;
  performance: Performance | null;
  /** Takes out what the environment has filled in. */
  clean: (text: string) => string;
}

/** The page's parts: what is shown, and two deflated blocks. */
export interface BuiltReport {
  data: ReportData;
  /** JSON of `ExampleRow[]`, deflated. */
  examples: Uint8Array;
  /** The rows' numbers for what-if, deflated; empty without thresholds. */
  numbers: Uint8Array;
}

/** Rows whose numbers are read, and rows whose texts are read, with bytes of their files: what a report may cost at the end of a run. */
const NUMBERS = { rowsMax: 200_000, bytesMax: 512 << 20 };
const TEXTS = { rowsMax: 20_000, bytesMax: 32 << 20 };
/** Bytes of both deflated blocks, and of the one with the examples: with base64, scripts, styles and fonts a page is under 3 MB. */
const BLOCKS_BYTES_MAX = 1_300_000;
const EXAMPLES_BYTES_MAX = 600_000;
const KEPT_MAX = 200;
const LOST_MAX = 50;

/** Reads a run folder and makes its report: the same bytes for the same folder. Throws as readers of the files do. */
export async function buildReport(files: Files, request: ReportRequest): Promise<BuiltReport> {
  const { folder, manifest, plan, report, performance, clean } = request;
  const { commits } = manifest;
  const hasSeq = plan.columns.some(({ name }) => name === 'seq');
  const thresholds = thresholdsOf(plan);
  const ofNumbers = plan.columns.filter(
    ({ name, type }) => isNumber(type) && name !== 'seq' && name !== 'seqIndex',
  );
  const lists = plan.columns.filter(({ type }) => type === 'list<float64>');
  const picked = pickCommits(commits, NUMBERS);
  const numbers = await gatherNumbers(files, {
    folder,
    commits: picked,
    hasSeq,
    thresholds,
    columns: ofNumbers,
    lists,
  });
  const withTexts = pickCommits(commits, TEXTS);
  const texts = await gatherTexts(files, {
    ...{ folder, commits: withTexts, columns: plan.columns, hasSeq, seed: report.seed },
    ...{ near: nearOf(plan), keptMax: KEPT_MAX, lostMax: LOST_MAX },
  });
  addSimilarities(numbers, thresholds, texts);
  const rowsOf = (some: readonly CommitRecord[]): number =>
    some.reduce((sum, { shard, rejects }) => sum + (shard?.rows ?? 0) + (rejects?.rows ?? 0), 0);
  const isWhole = rowsOf(picked) === rowsOf(commits);
  const examples = blockOf(cleaned(texts.examples, clean));
  const bytesMax = BLOCKS_BYTES_MAX - examples.length;
  const whatIf = whatIfOf(numbers, thresholds, { plan, report, columns: ofNumbers, isWhole, bytesMax });
  const timeline = await readTimeline(files, folder);
  const data: ReportData = {
    name: report.name,
    summary: plan.settings.summary ?? null,
    ...{ version: packageVersion(), identity: report.identity, seed: report.seed },
    ...{ rowsIn: report.rowsIn, rowsKept: report.rowsKept, target: plan.settings.target ?? null },
    sample: { isWhole, rows: rowsOf(picked), ofRows: rowsOf(commits), textRows: texts.rows },
    funnel: report.funnel.map((step) => stepOf(step, plan)),
    funnelChart: { steps: report.funnel.map(barOf) },
    figures: printFigures(report.figures),
    histograms: histogramsOf(numbers, texts, ofNumbers, lists),
    values: texts.values,
    density: densityOf(numbers, ofNumbers),
    lines: timeline.lines,
    facts: factsOf(performance),
    models: modelFacts(performance),
    clusters: texts.clusters,
    whatIf: whatIf?.data ?? null,
    pipeline: await pipelineText(files, folder, plan),
    notes: timeline.starts === 0 ? ['There is no log of the run: nothing is known of its time.'] : [],
  };
  return { data: cleaned(data, clean), examples, numbers: whatIf?.block ?? new Uint8Array(0) };
}

/** The copy in the run folder: a plan that was made of it has its checksum too, one of the file that ran has not. */
async function pipelineText(files: Files, folder: string, { text }: Plan): Promise<string> {
  const path = join(folder, 'pipeline.yaml');
  if (!(await files.stat(path))) return text;
  return openText(Buffer.from(await readWhole(files, path)).toString()).body;
}

/** Each text without what the environment has filled in, the replies of models too. */
function cleaned<Value>(value: Value, clean: (text: string) => string): Value {
  const text = JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'string' ? clean(each) : each,
  );
  return JSON.parse(text) as Value;
}

function isNumber(type: string): boolean {
  return type === 'float64' || type === 'int32' || type === 'int64';
}

/** How questions were compared: by the step that has a similarity as its threshold. */
function nearOf({ steps }: Plan) {
  const at = steps.findIndex(({ spec, parsed }) => spec.name === 'deduplicate' && isByWords(parsed));
  if (at < 0) return null;
  const { label, parsed } = steps[at]!;
  const { ignoreNumbers } = parsed as { ignoreNumbers: boolean };
  const similarityMin = similarityMinOf(parsed as { similarityMin?: number | null });
  const later = steps.slice(at + 1);
  // A question that was written anew is another one than the step saw.
  const isAnew = later.some(({ spec, parsed: own }) =>
    spec.writes(own).some(({ name }) => name === 'question'),
  );
  if (similarityMin === null || isAnew) return null;
  const stepsBehind = new Set([...later.map((step) => step.label), TARGET_STEP]);
  return { similarityMin, ignoreNumbers, step: label, stepsBehind };
}

function isByWords(parsed: unknown): boolean {
  return (parsed as { by: string }).by === 'words';
}

/** Where the texts of all rows were read, each kept row has a similarity to earlier ones. */
function addSimilarities(
  numbers: RowNumbers,
  thresholds: readonly PlannedThreshold[],
  { similarities }: RowTexts,
): void {
  const at = thresholds.findIndex(({ column, keeps }) => column === null && keeps === 'below');
  const kept = numbers.fates.filter((fate) => fate === 0).length;
  if (at < 0 || similarities.length !== kept) return;
  let next = 0;
  numbers.fates.forEach((fate, row) => {
    if (fate === 0) numbers.ofThresholds[at]![row] = similarities[next++]!;
  });
}

function stepOf(
  { step, rowsIn, kept, made, dropped, rejected, leftOut }: Report['funnel'][number],
  plan: Plan,
): ReportStep {
  const planned = plan.steps.find(({ label }) => label === step);
  const drops = { ...planned?.spec.drops, ...planned?.spec.dropsBy?.(planned.parsed) };
  const lost = Object.entries({ dropped, rejected, leftOut }).flatMap(([kind, counts]) =>
    Object.entries(counts).map(([reason, rows]) => ({
      ...{ reason, kind: kind as 'dropped' | 'rejected' | 'leftOut', rows },
      meaning: kind === 'dropped' && Object.hasOwn(drops, reason) ? drops[reason]!.replaceAll('`', '') : null,
    })),
  );
  return { step, rowsIn, kept, made, lost };
}

export function barOf({ step, kept, dropped, rejected }: Report['funnel'][number]) {
  const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  return { step, kept, dropped: sum(dropped), rejected: sum(rejected) };
}

/** The numbers of the rows of the set. */
function keptOf({ fates }: RowNumbers, values: readonly number[]): number[] {
  return values.filter((_, row) => fates[row] === 0);
}

function histogramsOf(
  numbers: RowNumbers,
  texts: RowTexts,
  columns: readonly Column[],
  lists: readonly Column[],
): HistogramData[] {
  const named: [string, readonly number[]][] = [
    ...columns.map(({ name }, at): [string, readonly number[]] => [
      name,
      keptOf(numbers, numbers.ofColumns[at]!),
    ]),
    ...lists.map(({ name }, at): [string, readonly number[]] => [
      `${name}, of all samples`,
      numbers.ofLists[at]!,
    ]),
    ['share of samples that agree', texts.agreements],
    // How long a category is written says nothing.
    ...[...texts.lengths]
      .filter(([name]) => !texts.values.some(({ label }) => label === name))
      .map(([name, chars]): [string, readonly number[]] => [`characters of ${name}`, chars]),
  ];
  return named
    .flatMap(([label, values]) => histogramOf(label, values) ?? [])
    .filter(({ edges }) => edges.length > 2);
}

/** Difficulty against reward, where the run has both. */
function densityOf(numbers: RowNumbers, columns: readonly Column[]): DensityData | null {
  const [x, y] = ['difficulty', 'reward'].map((name) =>
    columns.findIndex((column) => column.name === name),
  ) as [number, number];
  if (x < 0 || y < 0) return null;
  const [xs, ys] = [x, y].map((at) => keptOf(numbers, numbers.ofColumns[at]!)) as [number[], number[]];
  const [xEdges, yEdges] = [edgesOf(xs, 30)?.edges, edgesOf(ys, 20)?.edges];
  if (!xEdges || !yEdges || xEdges.length < 3 || yEdges.length < 3) return null;
  const counts = Array.from({ length: (xEdges.length - 1) * (yEdges.length - 1) }, () => 0);
  xs.forEach((value, row) => {
    if (!Number.isFinite(value) || !Number.isFinite(ys[row]!)) return;
    counts[binAt(ys[row]!, yEdges) * (xEdges.length - 1) + binAt(value, xEdges)]! += 1;
  });
  return { x: 'difficulty', y: 'reward', xEdges, yEdges, counts };
}

/** Numbers whose new distribution what-if shows. */
const METRICS_MAX = 4;

interface WhatIfRequest {
  plan: Plan;
  report: Report;
  /** Columns of numbers. */
  columns: readonly Column[];
  /** Whether the numbers are those of all rows. */
  isWhole: boolean;
  bytesMax: number;
}

function whatIfOf(
  numbers: RowNumbers,
  thresholds: readonly PlannedThreshold[],
  { plan, report, columns, isWhole, bytesMax }: WhatIfRequest,
): { data: WhatIfData; block: Uint8Array } | null {
  const controls = thresholds.flatMap((threshold, at) => {
    const known = numbers.ofThresholds[at]!;
    const hasKeptValues = numbers.fates.some((fate, row) => fate === 0 && Number.isFinite(known[row]!));
    const dropped = numbers.fates.some((fate) => fate === at + 1);
    if (!hasKeptValues && !dropped) return [];
    const range =
      threshold.column === null && threshold.value !== null
        ? ([floorOf(threshold.value), 1] as const)
        : threshold.range;
    const grid = gridOf({ ...threshold, range }, known);
    if (grid.length < 2) return [];
    return [
      {
        at,
        control: controlOf(threshold, { steps: plan.steps, funnel: report.funnel, grid, hasKeptValues }),
      },
    ];
  });
  if (controls.length === 0) return null;
  const metrics = columns.slice(0, METRICS_MAX).flatMap(({ name }, at) => {
    const edges = edgesOf(numbers.ofColumns[at]!)?.edges;
    return edges && edges.length > 2 ? [{ label: name, edges, at }] : [];
  });
  const ofControls = controls.map(({ control }) => control);
  const { target = null, limit } = plan.settings;
  const packed = packedRows(numbers, controls, metrics, bytesMax);
  const data: WhatIfData = {
    controls: ofControls,
    metrics: metrics.map(({ label, edges }) => ({ label, edges })),
    ...{ rows: packed.rows, isWhole: isWhole && packed.isWhole },
    neverExact: whyNeverExact(plan, report.funnel),
    ...{ rowsKept: report.rowsKept, positions: report.rowsIn, target },
    isLimitNeeded: target !== null || (limit !== undefined && limit !== report.rowsIn),
  };
  return { data, block: packed.block };
}

/** The bytes of the rows, deflated; of fewer rows where all would be too many. */
function packedRows(
  numbers: RowNumbers,
  controls: readonly { at: number; control: WhatIfControl }[],
  metrics: readonly { at: number; edges: readonly number[] }[],
  bytesMax: number,
): { block: Uint8Array; rows: number; isWhole: boolean } {
  const place = new Map(controls.map(({ at }, index) => [at + 1, index + 1]));
  // Rows that a threshold without a slider dropped are none that can come back.
  const all = numbers.fates
    .map((fate, row) => ({ fate: fate === 0 ? 0 : place.get(fate), row }))
    .filter(({ fate }) => fate !== undefined);
  for (let every = 1; ; every *= 2) {
    const taken = all.filter((_, at) => at % every === 0);
    const bytes = (of: (row: number) => number): Uint8Array => Uint8Array.from(taken, ({ row }) => of(row));
    const rows: WhatIfRows = {
      fates: Uint8Array.from(taken, ({ fate }) => fate!),
      bins: controls.map(({ at, control }) =>
        bytes((row) => binIn(numbers.ofThresholds[at]![row]!, control)),
      ),
      ties: controls.map(({ at, control: { grid } }) =>
        bytes((row) => tieIn(numbers.ofThresholds[at]![row]!, numbers.halves[at]![row]!, grid)),
      ),
      metrics: metrics.map(({ at, edges }) => bytes((row) => metricBin(numbers.ofColumns[at]![row]!, edges))),
    };
    const block = deflateRawSync(encodeNumbers(rows), { level: 9 });
    if (block.length <= bytesMax) return { block, rows: taken.length, isWhole: every === 1 };
  }
}

function metricBin(value: number, edges: readonly number[]): number {
  return Number.isFinite(value) ? binAt(value, edges) : UNKNOWN;
}

function binIn(
  value: number,
  control: { keeps: 'atLeast' | 'atMost' | 'below'; grid: readonly number[] },
): number {
  return Number.isFinite(value) ? binOf(value, control) : UNKNOWN;
}

/** A value that is known rounded, and is just a value of the grid, may lie on either side of it. */
function tieIn(value: number, half: number, grid: readonly number[]): number {
  if (half === 0 || !Number.isFinite(value)) return 0;
  return 1 + grid.findIndex((each) => Math.abs(each - value) <= half * 1.001);
}

/** Fewer rows of each group where all of them would be too many bytes. */
function blockOf(examples: readonly ExampleRow[]): Uint8Array {
  for (let every = 1; ; every *= 2) {
    const some = examples.filter((_, at) => at % every === 0);
    const block = deflateRawSync(JSON.stringify(some), { level: 9 });
    if (block.length <= EXAMPLES_BYTES_MAX || some.length <= 1) return block;
  }
}
