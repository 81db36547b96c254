import { basename, join, resolve } from 'node:path';
import type { Model } from '../backends/model.js';
import type { StepCounts } from '../flow/outcome.js';
import { hashBytes, writeAtomic } from '../io/files/atomicFile.js';
import { writeCard } from '../io/run/card.js';
import { EXPORTS_FOLDER, writeExport } from '../io/exports/writeExport.js';
import type { StartEncoder } from '../io/parquet/encoderThread.js';
import type { Files } from '../io/files/files.js';
import { RUN_FORMAT_VERSION, type RunRecord } from '../io/run/manifest.js';
import { packageVersion } from '../io/files/packageFiles.js';
import {
  type RunFolder,
  assertUsable,
  committedShards,
  hasManifest,
  isComplete,
  openRunFolder,
  resumeOf,
  totalsOf,
} from '../io/run/runFolder.js';
import { type RunLog, openRunLog } from '../io/run/runLog.js';
import { openRunSink } from '../io/run/runSink.js';
import { writeSample } from '../io/run/sample.js';
import { sourceReader } from '../io/sources/sourceReader.js';
import { figuresOf, printFigures, stepsWithFigures } from './figures.js';
import type { Plan } from '../pipeline/plan.js';
import { type Performance, type Report, performanceOf, reportOf } from './report.js';
import { type Resume, type RunDeps, type StepResultCache, runPlan } from './runPlan.js';
import { filledRemover } from '../train/environment.js';

export interface OpenedModels {
  models: Record<string, Model>;
  /** Open as long as one of the models is. */
  stepResults?: StepResultCache;
}

/** What a run needs of the world: files, models and clocks are passed in, so that a simulation may give its own. */
export interface RunWorld {
  files: Files;
  prompt: RunDeps['prompt'];
  /** Opens the models; not called for a run that is complete. The caller closes them. */
  openModels: () => Promise<OpenedModels>;
  signal: AbortSignal;
  now: () => Date;
  /** Since any fixed moment. */
  nowMs: () => number;
  memoryPeakBytes: () => number;
  /** What encodes shards; a thread unless given. */
  startEncoder?: StartEncoder;
  /** When rows begin to flow. */
  onStart?: (models: Record<string, Model>, resume: Resume) => void;
  onCounts?: (step: string, counts: StepCounts) => void;
  onDelivered?: (watermark: number, kept: number) => void;
  /** When source positions below `next`, and `kept` rows of them, are durable. */
  onCommitted?: (next: number, kept: number) => void;
}

export interface RunResult {
  report: Report;
  /** Null for a run that was complete already. */
  performance: Performance | null;
}

/**
 * Runs a plan in its folder: begins there, or goes on from the last commit of the same plan. A run is complete when its last
 * commit says so; then only the files that are made from the commits are written again.
 */
export async function runInto(plan: Plan, path: string, world: RunWorld): Promise<RunResult> {
  const { files } = world;
  // A run begins in a folder only when its models are there; one that is there is refused before anything is loaded.
  const isBegun = await hasManifest(files, path);
  if (!isBegun) await assertUsable(files, path);
  const begun = isBegun ? await openRunFolder(files, path, recordOf(plan)) : null;
  if (begun && isComplete(begun)) return finishAgain(plan, begun, files);
  let folder = begun;
  try {
    const opened = await world.openModels();
    folder ??= await openRunFolder(files, path, recordOf(plan));
    return await goOn(plan, folder, opened, world);
  } finally {
    await folder?.manifest.close();
  }
}

function recordOf(plan: Plan): RunRecord {
  const { identity, parts, name, settings } = plan;
  return { kind: 'run', version: RUN_FORMAT_VERSION, identity, name, seed: settings.seed, parts };
}

/** From the commits alone; state deltas are read again only where a step makes figures of them. */
async function reportIn(files: Files, plan: Plan, folder: RunFolder): Promise<Report> {
  const { restored } = await resumeOf(files, folder, stepsWithFigures(plan));
  const totals = totalsOf(folder);
  return reportOf(plan, totals, (funnel) => figuresOf(plan, restored, funnel));
}

async function finishAgain(plan: Plan, folder: RunFolder, files: Files): Promise<RunResult> {
  await folder.manifest.close();
  const report = await reportIn(files, plan, folder);
  await writePipeline(files, plan, folder);
  await writeRunFiles(files, plan, folder, report);
  return { report, performance: null };
}

async function goOn(
  plan: Plan,
  folder: RunFolder,
  opened: OpenedModels,
  world: RunWorld,
): Promise<RunResult> {
  const { files, nowMs } = world;
  const { models } = opened;
  await writePipeline(files, plan, folder);
  const log = await openRunLog(files, folder.path, world.now);
  const startedMs = nowMs();
  try {
    const resume = await resumeOf(files, folder);
    await logStart(log, plan, folder, resume);
    world.onStart?.(models, resume);
    const replayedRows = await runRows(plan, folder, opened, world, resume, log);
    const report = await reportIn(files, plan, folder);
    const stats = Object.fromEntries(Object.values(models).map((model) => [model.name, model.stats()]));
    const wallS = (nowMs() - startedMs) / 1000;
    const memoryPeakBytes = world.memoryPeakBytes();
    const performance = performanceOf(stats, { from: resume.from, wallS, memoryPeakBytes, replayedRows });
    await writeJson(files, join(folder.path, 'performance.json'), performance);
    await writeRunFiles(files, plan, folder, report);
    await log.write({ event: 'finished', rowsIn: report.rowsIn, rowsKept: report.rowsKept, wallS });
    return { report, performance };
  } catch (error) {
    const { code = 'bug', message } = error as { code?: string; message: string };
    await log.write({ event: 'failed', code, message }).catch(() => {});
    throw error;
  } finally {
    await log.close().catch(() => {});
  }
}

async function logStart(log: RunLog, plan: Plan, folder: RunFolder, { from, kept }: Resume): Promise<void> {
  const { removed, tornBytes, manifest } = folder;
  const { file, name, identity, settings } = plan;
  await log.write({ event: 'started', file: resolve(file), name, identity, seed: settings.seed });
  if (manifest.content.commits.length > 0 || removed.length > 0 || tornBytes > 0)
    await log.write({ event: 'resumed', from, kept, removed, tornBytes });
}

/** How many rows were replayed from the step result cache. */
async function runRows(
  plan: Plan,
  folder: RunFolder,
  { models, stepResults }: OpenedModels,
  world: RunWorld,
  resume: Resume,
  log: RunLog,
): Promise<number> {
  let replayedRows = 0;
  const { rowGroupRows, zstdLevel } = plan.settings.output;
  const { files, prompt, signal, onCounts, onDelivered } = world;
  const sink = openRunSink(files, folder, {
    columns: plan.columns,
    metadata: metadataOf(plan),
    rowGroupRows,
    zstdLevel,
    startEncoder: world.startEncoder,
  });
  try {
    await runPlan(plan, {
      models,
      stepResults,
      onReplayed: (rows) => (replayedRows += rows),
      prompt,
      read: sourceReader(plan.settings.source, plan.folder, files),
      sink: {
        append: sink.append,
        async commit(cut) {
          await sink.commit(cut);
          world.onCommitted?.(cut.next, cut.kept);
          await log.write({ event: 'committed', next: cut.next, kept: cut.kept });
        },
      },
      resume,
      signal,
      ...(onCounts ? { onCounts } : {}),
      ...(onDelivered ? { onDelivered } : {}),
    });
  } finally {
    await sink.close();
  }
  return replayedRows;
}

/** In every shard; nothing that depends on the clock, the machine or how fast the run was. */
function metadataOf(plan: Plan): Record<string, string> {
  const { name, identity, settings } = plan;
  return { scalequest: JSON.stringify({ format: RUN_FORMAT_VERSION, name, seed: settings.seed, identity }) };
}

async function writeRunFiles(files: Files, plan: Plan, folder: RunFolder, report: Report): Promise<void> {
  await writeExports(files, plan, folder);
  const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  await writeJson(files, join(folder.path, 'report.json'), { scalequest: packageVersion(), ...report });
  await writeSample(files, {
    folder: folder.path,
    shards: committedShards(folder.path, folder.manifest.content.commits),
    columns: plan.columns,
  });
  await writeCard(files, folder.path, {
    name: plan.name,
    // Its text in the file is `${NAME}` still, and of secrets it stays so.
    summary: plan.settings.summary && filledRemover(plan.filled)(plan.settings.summary),
    rows: report.rowsKept,
    contents: contentsOf(folder),
    columns: plan.columns,
    exports: Object.keys(plan.settings.exports),
    funnel: report.funnel.map(({ step, rowsIn, kept, dropped, rejected }) => ({
      step,
      rowsIn,
      kept,
      dropped: sum(dropped),
      rejected: sum(rejected),
    })),
    figures: printFigures(report.figures),
    pipelineText: plan.text,
  });
}

/** As it was last started: what decides no row may have changed, and the card tells the same. */
function writePipeline(files: Files, plan: Plan, folder: RunFolder): Promise<void> {
  const from = `# ${basename(plan.file)} as it ran; its relative paths start where that file is (see log.jsonl).\n`;
  return writeAtomic(files, join(folder.path, 'pipeline.yaml'), from + plan.text);
}

/** Of the committed shards and of what made them; the same whoever wrote them, and where. */
function contentsOf({ manifest, run }: RunFolder): string {
  const shards = manifest.content.commits.map(({ shard }) => shard?.sha256 ?? '');
  return hashBytes(new TextEncoder().encode([run.identity, ...shards].join('\n')));
}

async function writeExports(files: Files, plan: Plan, folder: RunFolder): Promise<void> {
  const shards = folder.manifest.content.commits.flatMap(({ shard }) => shard ?? []);
  for (const [name, config] of Object.entries(plan.settings.exports)) {
    const into = join(folder.path, EXPORTS_FOLDER, name);
    await writeExport(files, { run: folder.path, shards, config, folder: into, name });
  }
}

function writeJson(files: Files, path: string, value: object): Promise<void> {
  return writeAtomic(files, path, `${JSON.stringify(value, null, 2)}\n`);
}
