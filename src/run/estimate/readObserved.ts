import { join } from 'node:path';
import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import { type Files, readWhole } from '../../io/files/files.js';
import { openJson } from '../../io/files/seal.js';
import { committedFiles } from '../../io/runFolder/commits.js';
import { readManifest } from '../../io/runFolder/manifest.js';
import { differenceOf, hasManifest } from '../../io/runFolder/runFolder.js';
import { LOG_FILE } from '../../io/runFolder/runLog.js';
import { MANIFEST_FILE } from '../../io/runFolder/runPaths.js';
import type { Plan } from '../../pipeline/plan.js';
import type { MeasuredEvent } from '../events.js';
import { type Observed, observedIn } from './observed.js';

/** What a run folder tells of the cost of a plan's rows. */
export interface ObservedRun {
  observed: Observed;
  /** Model → how many servers it had. */
  servers: Record<string, number>;
  /** Bytes of shards, lost rows and states a source row; null before a commit. */
  runBytesPerRow: number | null;
  /** Whether the run has come to its end. */
  isDone: boolean;
}

/** What may differ between a pilot and its run: where it ends, how it is called and written, and what is drawn. */
const MAY_DIFFER = /^(name|seed|target|limit|output)(\.|:)/;

const DIFFERENCES_SHOWN_MAX = 5;

const count = z.number().min(0);
const use = z.object({
  ...{ requests: count, promptTokens: count, cachedTokens: count, completionTokens: count },
  ...{ completionSquares: count, busyS: count, storeHits: count },
});
const measured = z.object({
  ...{ event: z.literal('measured'), elapsedS: count },
  steps: z.record(z.string(), z.object({ rowsIn: count, kept: count })),
  models: z.record(
    z.string(),
    z.object({
      ...{ inFlight: count, queued: count, replicas: z.array(z.unknown()).optional() },
      steps: z.record(z.string(), use).optional(),
    }),
  ),
});

/**
 * Reads what the last start of a run took. Throws ERR_RUN_FOLDER for a folder without a run, one of another pipeline, and one that
 * has decided nothing.
 */
export async function readObserved(
  files: Files,
  folder: string,
  plan: Plan,
  serversOf: (model: string) => string,
): Promise<ObservedRun> {
  if (!(await hasManifest(files, folder))) throw refused(folder, 'it holds no run');
  const { run, commits } = await readManifest(files, join(folder, MANIFEST_FILE));
  assertSame(folder, differenceOf(run.parts, plan.parts));
  const events = await measurementsIn(files, folder);
  const steps = plan.steps.map(({ label }) => label);
  const observed = observedIn(steps, events, serversOf);
  if (!observed) throw refused(folder, 'its run has decided no row yet; let it go on for a while');
  assertAsked(folder, plan, observed);
  const last = commits.at(-1);
  const bytes = committedFiles(commits).reduce((sum, each) => sum + each.bytes, 0);
  return {
    observed,
    servers: Object.fromEntries(
      Object.entries(events.at(-1)!.models).map(([name, { replicas }]) => [name, replicas?.length ?? 1]),
    ),
    runBytesPerRow: last && last.next > 0 ? bytes / last.next : null,
    isDone: last?.done ?? false,
  };
}

function assertSame(folder: string, differences: readonly string[]): void {
  const others = differences.filter((line) => !MAY_DIFFER.test(line));
  if (others.length === 0) return;
  const shown = others.slice(0, DIFFERENCES_SHOWN_MAX).map((line) => `\n  ${line}`);
  throw refused(
    folder,
    `its rows cost something else, for its pipeline differs in more than its end:${shown.join('')}\n` +
      'Run some rows of this pipeline first',
  );
}

/** Rows whose results came from the store tell nothing of what is asked for a row. */
function assertAsked(folder: string, { steps }: Plan, observed: Observed): void {
  for (const [at, { label, spec, parsed }] of steps.entries()) {
    const { rowsIn, uses } = observed.steps[at]!;
    const asks = spec.models(parsed).some(({ needs }) => needs !== 'named');
    if (!asks || rowsIn === 0 || Object.keys(uses).length > 0) continue;
    throw refused(
      folder,
      `its step ${label} has asked nothing: its last start took the results from the store. Name the run that paid for them`,
    );
  }
}

/** The measurements of the last start, in order. A line that is torn or changed tells nothing. */
async function measurementsIn(files: Files, folder: string): Promise<MeasuredEvent[]> {
  const path = join(folder, LOG_FILE);
  if (!(await files.stat(path))) return [];
  const lines = Buffer.from(await readWhole(files, path))
    .toString()
    .split('\n');
  const started = lines.findLastIndex((line) => line.includes('"event":"started"'));
  return lines.slice(started + 1).flatMap((line) => {
    if (!line.includes('"event":"measured"') || !openJson(line).isWhole) return [];
    const { data } = measured.safeParse(JSON.parse(line));
    return data ? [data as unknown as MeasuredEvent] : [];
  });
}

function refused(folder: string, message: string): ScaleQuestError {
  return new ScaleQuestError('ERR_RUN_FOLDER', `cannot estimate from ${folder}: ${message}.`, {
    data: { path: folder },
  });
}
