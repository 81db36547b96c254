import { basename, join, resolve } from 'node:path';
import { removeQuietly, writeAtomic } from '../io/files/atomicFile.js';
import { CHECKSUMS_FILE, writeChecksums } from '../io/runFolder/checksums.js';
import { sealJson, sealText } from '../io/files/seal.js';
import { checksumsOf } from './report/checksumsOf.js';
import type { Clock } from '../clock.js';
import type { CardExport, CardPicture } from '../io/runFolder/card.js';
import { describeExport } from '../io/exports/registry.js';
import { EXPORTS_FOLDER, writeExport } from '../io/exports/writeExport.js';
import type { StartEncoder } from '../io/parquet/encoderThread.js';
import type { Pause } from '../flow/pause.js';
import type { Files } from '../io/files/files.js';
import { RUN_FORMAT_VERSION, type RunRecord } from '../io/runFolder/manifest.js';
import { packageVersion } from '../io/files/packageFiles.js';
import { committedShards, committedStateOf, isComplete, totalsOf } from '../io/runFolder/commits.js';
import { type RunFolder, assertUsable, hasManifest, openRunFolder } from '../io/runFolder/runFolder.js';
import { type LogEvent, openRunLog } from '../io/runFolder/runLog.js';
import { writeSample } from '../io/runFolder/sample.js';
import { type SkippedCounter, countSkipped } from '../io/sources/skippedLines.js';
import { forEachDelta } from '../flow/committedDeltas.js';
import type { HubAccess } from '../io/hub/hubAccess.js';
import { hubPin } from '../io/runFolder/hubPin.js';
import { sourceReader } from '../io/sources/sourceReader.js';
import { figuresFolds, figuresOf } from './report/figures.js';
import type { Plan } from '../pipeline/plan.js';
import { skippedIn } from './report/skippedIn.js';
import { filledRemoved, filledRemover } from '../train/environment.js';
import { type Performance, type Report, type RunResult, performanceOf, reportOf } from './report/report.js';
import type { ReportPageRequest } from './report/page/writeReportPage.js';
import { writeRunCard } from './report/runCard.js';
import { costPerRow, knownCost, paidModels } from './cost.js';
import type { Emit, MeasuredEvent, RunEvent } from './events.js';
import { earlierTotals } from './monitor/earlierTotals.js';
import { logTimes, loggedOf } from './monitor/logTimes.js';
import { lostIn } from '../flow/rowCounts.js';
import { tellKeptRows } from './monitor/keptRows.js';
import { type Meter, startMeter } from './monitor/meter.js';
import type { WatchProcess } from './processUse.js';
import { fillFolder } from './stream/fillFolder.js';
import { type OpenedModels, statsOf } from './open/openModels.js';
import { type RunDeps, runPlan } from './stream/runPlan.js';
import type { Resume } from './stream/streamRows.js';

/** What a run takes from outside: files, models and clocks are passed in, so that a simulation can hand in its own. */
export interface RunWorld {
  files: Files;
  prompt: RunDeps['prompt'];
  /** Opens the models. A complete run does not call it. The caller closes the models. */
  openModels: () => Promise<OpenedModels>;
  signal: AbortSignal;
  /** Whether further rows may be read; always, if absent. */
  pause?: Pause | undefined;
  now: () => Date;
  /** Milliseconds since any fixed moment. */
  nowMs: () => number;
  /** Without it the run is measured at its end alone. */
  clock?: Clock | undefined;
  watchProcess: WatchProcess;
  /** Source positions after which a commit comes at the latest; see `commitPositionsOf`. A simulation has fewer. */
  commitPositions?: number | undefined;
  /** Share of the rows whose calls to models are told. */
  callShare?: number | undefined;
  /** Starts what encodes shards: a thread, unless given. */
  startEncoder?: StartEncoder | undefined;
  emit: Emit<RunEvent>;
  /** Where data sets of a hub are read; nowhere if absent. */
  hub?: HubAccess | undefined;
  /** Writes the page of the report and the pictures of the card; a simulation does without. */
  writePage?: WritePage | undefined;
}

/** Writes `report.html` and pictures into a run folder whose other files are there, and gives the pictures. */
export type WritePage = (files: Files, request: ReportPageRequest) => Promise<readonly CardPicture[]>;

/**
 * Runs a plan in its folder: begins there, or goes on from the last commit of the same plan. A run is complete when its last
 * commit says so; then only the files that are made from the commits are written again.
 */
export async function runInFolder(plan: Plan, path: string, world: RunWorld): Promise<RunResult> {
  const { files } = world;
  // A folder that cannot be used is refused before any model is loaded. A new run is begun only when its models are open.
  const isBegun = await hasManifest(files, path);
  if (!isBegun) await assertUsable(files, path);
  const begun = isBegun ? await openRunFolder(files, path, recordOf(plan)) : null;
  if (begun && isComplete(begun)) return finishAgain(plan, begun, world);
  let folder = begun;
  const clean = filledRemover(plan.filled);
  let logMeasured = (_event: MeasuredEvent): void => {};
  const meter = startMeter({
    ...world,
    onMeasured(event) {
      const shown = filledRemoved(event, clean);
      world.emit(shown);
      logMeasured(shown);
    },
  });
  const onLog = (log: (event: MeasuredEvent) => void): void => void (logMeasured = log);
  try {
    const opened = await world.openModels();
    meter.opened(() => statsOf(opened.models));
    folder ??= await openRunFolder(files, path, recordOf(plan));
    await writePipeline(files, plan, folder);
    return await goOnLogged(plan, folder, opened, { ...world, meter, onLog });
  } finally {
    meter.stop();
    await folder?.manifest.close();
  }
}

function recordOf(plan: Plan): RunRecord {
  const { identity, parts, name, settings } = plan;
  return { kind: 'run', version: RUN_FORMAT_VERSION, identity, name, seed: settings.seed, parts };
}

/** The report follows from the commits alone. State deltas are read again, in pieces, only for steps that make figures of them. */
async function reportIn(
  files: Files,
  plan: Plan,
  folder: RunFolder,
  skipped: SkippedCounter | null = null,
): Promise<Report> {
  const folds = figuresFolds(plan);
  for (const [step, { add }] of folds) {
    const { upTo, read } = committedStateOf(files, folder, step);
    await forEachDelta(read(0, upTo()), add);
  }
  const report = reportOf(plan, totalsOf(folder), (funnel) => figuresOf(folds, funnel));
  return { ...report, ...(await skippedIn(plan, report, files, skipped)) };
}

async function finishAgain(plan: Plan, folder: RunFolder, world: RunWorld): Promise<RunResult> {
  const { files } = world;
  await folder.manifest.close();
  const report = await reportIn(files, plan, folder);
  await writePipeline(files, plan, folder);
  await writeRunFiles(world, plan, folder, report);
  return { report, performance: null };
}

/** Goes on with the log of the folder open. An event that cannot be logged ends the run. */
async function goOnLogged(
  plan: Plan,
  folder: RunFolder,
  opened: OpenedModels,
  world: MeteredWorld,
): Promise<RunResult> {
  const { meter, onLog, files } = world;
  const before = await earlierTotals(files, folder.path);
  const log = await openRunLog(files, folder.path, world.now);
  const clean = filledRemover(plan.filled);
  meter.startsAfter(before);
  const isLogged = logTimes(before.wallS);
  // The next event that must be logged fails where this one did.
  onLog((event) => void (isLogged(event) && log.write(loggedOf(event)).catch(() => {})));
  const record = async (event: LogEvent): Promise<void> => {
    world.emit(event);
    await log.write(filledRemoved(event, clean));
  };
  try {
    return await goOn(plan, folder, opened, { ...world, record });
  } catch (error) {
    meter.end();
    const { code = 'bug', message } = error as { code?: string; message: string };
    // The log is another process's by now.
    if (code !== 'ERR_RUN_TAKEN_OVER') await record({ event: 'failed', code, message }).catch(() => {});
    throw error;
  } finally {
    await log.close().catch(() => {});
  }
}

interface MeteredWorld extends RunWorld {
  meter: Meter;
  /** Where measurements go beside `emit`. */
  onLog: (log: (event: MeasuredEvent) => void) => void;
}

interface LoggedWorld extends MeteredWorld {
  /** Emits, and waits until the event is in the log. */
  record: (event: LogEvent) => Promise<void>;
}

async function goOn(
  plan: Plan,
  folder: RunFolder,
  opened: OpenedModels,
  world: LoggedWorld,
): Promise<RunResult> {
  const { files, nowMs } = world;
  const startedMs = nowMs();
  const processUse = world.watchProcess();
  const { from, replayedRows, skipped } = await runRows(plan, folder, opened, world);
  const report = await reportIn(files, plan, folder, skipped);
  const stats = statsOf(opened.models);
  const wallS = (nowMs() - startedMs) / 1000;
  world.meter.end();
  const total = world.meter.totals();
  const performance = performanceOf(stats, {
    ...{ from, wallS, ...processUse(), replayedRows, total },
    ...costIn(plan, total.models, report.rowsKept),
  });
  await writeAtomic(files, join(folder.path, 'performance.json'), `${sealJson(printJson(performance))}\n`);
  await writeRunFiles(world, plan, folder, report);
  for (const [model, { notes = {} }] of Object.entries(stats)) {
    for (const [note, count] of Object.entries(notes))
      await world.record({ event: 'noted', model, note, count });
  }
  await world.record({ event: 'finished', rowsIn: report.rowsIn, rowsKept: report.rowsKept, wallS });
  return { report, performance };
}

/** What all starts cost, in all and a kept row; nothing where nothing is known of it. */
function costIn(
  plan: Plan,
  used: Parameters<typeof knownCost>[1],
  rowsKept: number,
): Pick<Performance, 'cost'> {
  const { cost } = knownCost(paidModels(plan), used);
  return cost ? { cost: { ...cost, perKeptRow: costPerRow(cost, rowsKept) } } : {};
}

async function emitStart(
  plan: Plan,
  folder: RunFolder,
  { from, kept }: Resume,
  { models, served = [] }: OpenedModels,
  { record, emit }: LoggedWorld,
): Promise<void> {
  const { removed, tornBytes, manifest } = folder;
  const { file, name, identity, settings } = plan;
  await record({ event: 'started', file: resolve(file), name, identity, seed: settings.seed });
  if (manifest.content.commits.length > 0 || removed.length > 0 || tornBytes > 0)
    await record({ event: 'resumed', from, kept, removed, tornBytes });
  for (const event of served) await record(event);
  if (plan.leftOut.length > 0) await record({ event: 'leftOut', files: plan.leftOut });
  const { target, limit } = settings;
  const steps = plan.steps.map(({ label }) => label);
  emit({ event: 'flowing', from, kept, models: Object.keys(models), steps, target, limit });
}

/** Where the run began, and how many rows were replayed from the step result cache. */
async function runRows(
  plan: Plan,
  folder: RunFolder,
  opened: OpenedModels,
  world: LoggedWorld,
): Promise<{ from: number; replayedRows: number; skipped: SkippedCounter | null }> {
  const { files, prompt, signal, emit, record, meter, startEncoder, commitPositions, callShare = 0 } = world;
  const { rowGroupRows, zstdLevel } = plan.settings.output;
  let replayedRows = 0;
  let begunAt = 0;
  let isAtEnd = false;
  const skipped = countSkipped();
  const recordSkipped = async (): Promise<void> => {
    for (const { file, line, message } of skipped.takeNew())
      await record({ event: 'skippedLine', file, line, message });
  };
  const tellKept = tellKeptRows(plan.columns, world.nowMs, emit);
  const hub = world.hub && { ...world.hub, signal, pin: hubPin(files, folder.path) };
  const readRows = sourceReader(plan.settings.source, plan.folder, files, skipped.add, hub);
  await fillFolder(
    files,
    folder,
    { columns: plan.columns, metadata: shardMetadata(plan), rowGroupRows, zstdLevel, startEncoder },
    async (resume, sink) => {
      begunAt = resume.from;
      // A crash may have come between a commit and its card.
      if (resume.from > 0) await writeRunCard(files, plan, folder);
      await emitStart(plan, folder, resume, opened, world);
      return runPlan(plan, {
        ...opened,
        ...{ prompt, resume, signal, commitPositions, pause: world.pause },
        calls: { share: callShare, nowMs: unixMsOf(world), onCall: emit },
        onReplayed: (rows) => (replayedRows += rows),
        read: async (lo, rowsMax) => {
          const rows = await readRows(lo, rowsMax);
          isAtEnd ||= rows === null;
          return rows;
        },
        sink: {
          async append(rows) {
            tellKept(rows);
            await sink.append(rows);
          },
          appendEvents: sink.appendEvents,
          async commit(cut) {
            await sink.commit(cut);
            if (cut.done) meter.delivered(cut.next, cut.kept);
            try {
              await recordSkipped();
              if (!cut.done) await writeRunCard(files, plan, folder);
            } finally {
              // The commit has happened, also where the disk has no room for its card.
              await record({ event: 'committed', next: cut.next, kept: cut.kept });
            }
          },
        },
        onCounts: meter.count,
        onGate: (gate) => meter.flows(gate, resume.kept),
        onEvents: tellLost(emit),
        onDelivered(watermark, kept) {
          meter.delivered(watermark, kept);
          emit({ event: 'delivered', watermark, kept });
        },
      });
    },
  );
  await recordSkipped();
  return { from: begunAt, replayedRows, skipped: isAtEnd ? skipped : null };
}

/** Tells what steps have lost of the rows that reach the writer. */
function tellLost(emit: Emit<RunEvent>): (counts: Readonly<Record<string, number>>) => void {
  return (counts) => {
    const lost = lostIn(counts);
    if (lost.length > 0) emit({ event: 'lost', lost });
  };
}

/** Unix time that never runs backwards. */
function unixMsOf({ now, nowMs }: Pick<RunWorld, 'now' | 'nowMs'>): () => number {
  const offsetMs = now().getTime() - nowMs();
  return () => offsetMs + nowMs();
}

/** Stands in every shard, so nothing in it may depend on the clock, the machine or the speed of the run. */
export function shardMetadata(plan: Plan): Record<string, string> {
  const { name, identity, settings } = plan;
  return { scalequest: JSON.stringify({ format: RUN_FORMAT_VERSION, name, seed: settings.seed, identity }) };
}

async function writeRunFiles(world: RunWorld, plan: Plan, folder: RunFolder, report: Report): Promise<void> {
  const { files } = world;
  // It comes back when all are written: what it names is as it says at any moment.
  await removeQuietly(files, join(folder.path, CHECKSUMS_FILE));
  const exports = await writeExports(files, plan, folder);
  const reportText = printJson({ scalequest: packageVersion(), ...report });
  await writeAtomic(files, join(folder.path, 'report.json'), `${reportText}\n`);
  await writeSample(files, {
    folder: folder.path,
    shards: committedShards(folder.path, folder.manifest.content.commits),
    columns: plan.columns,
  });
  const pictures = await writePage(world, plan, folder, report);
  await writeRunCard(files, plan, folder, { report, exports, pictures });
  await writeChecksums(
    files,
    folder.path,
    await checksumsOf(files, folder, Object.keys(plan.settings.exports)),
  );
}

/** A page that cannot be written is no reason to fail a run whose rows are all there: `scalequest report` writes it again. */
async function writePage(
  { files, emit, writePage: write }: RunWorld,
  plan: Plan,
  { path, manifest }: RunFolder,
  report: Report,
): Promise<readonly CardPicture[]> {
  if (!write) return [];
  try {
    return await write(files, { folder: path, manifest: manifest.content, plan, report });
  } catch (error) {
    emit({ event: 'pageFailed', message: (error as Error).message });
    return [];
  }
}

/** The file as it was last started: settings that decide no row may have changed since the first start. */
function writePipeline(files: Files, plan: Plan, folder: RunFolder): Promise<void> {
  const from = `# ${basename(plan.file)} as it ran; its relative paths start where that file is (see log.jsonl).\n`;
  return writeAtomic(files, join(folder.path, 'pipeline.yaml'), sealText(from + plan.text));
}

async function writeExports(files: Files, plan: Plan, folder: RunFolder): Promise<CardExport[]> {
  const shards = folder.manifest.content.commits.flatMap(({ shard }) => shard ?? []);
  const written: CardExport[] = [];
  for (const [name, config] of Object.entries(plan.settings.exports)) {
    const into = join(folder.path, EXPORTS_FOLDER, name);
    const { rows, leftOut } = await writeExport(files, { run: folder.path, shards, config, folder: into });
    const columns = describeExport(config).writes.map(([element]) => element!.name);
    written.push({ name, format: config.format, fileType: config.fileType, columns, rows, leftOut });
  }
  return written;
}

function printJson(value: object): string {
  return JSON.stringify(value, null, 2);
}
