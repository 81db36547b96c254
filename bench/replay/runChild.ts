import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { planPipeline, promptOf } from '../../src/run/plan/planPipeline.js';
import { type OpenedModels, closeModels, openModels, storeModels } from '../../src/run/open/openModels.js';
import { stepResultCacheOf } from '../../src/run/open/openStore.js';
import { watchProcess } from '../../src/run/processUse.js';
import { runInFolder } from '../../src/run/runInFolder.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { openStore } from '../../src/store/store.js';
import type { Plan } from '../../src/pipeline/plan.js';
import { answeringModel } from './answers.js';

/**
 * One run of a pipeline, measured: `fill` answers by functions and writes the store, `replay` has the clients of the file,
 * whose servers are not there; `replies` does the same, but runs every step again on its replies.
 *   node runChild.js fill|replay|replies PIPELINE STORE RUN_FOLDER RESULT.json
 */

export interface RunFigures {
  rows: number;
  kept: number;
  /** While rows flow: after the models are open, until the last row is with the writer. */
  flow: Used;
  /** From the start of the process to the end of the run. */
  all: Used;
  requests: number;
  replayedRows: number;
  storeHits: number;
  memoryPeakBytes: number;
}

interface Used {
  wallMs: number;
  /** User and system, all threads. */
  cpuMs: number;
}

const [mode, pipeline, store, folder, result] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const plan = await planPipeline(pipeline, { set: { store } });
writeFileSync(result, JSON.stringify(await measuredRun(plan, folder, mode === 'fill')));

async function measuredRun(plan: Plan, folder: string, isFill: boolean): Promise<RunFigures> {
  const opened: OpenedModels = isFill
    ? await fillingModels(plan, store, folder)
    : await openModels(plan, { env: process.env, runPath: folder });
  if (mode === 'replies') delete opened.stepResults;
  const { models } = opened;
  let started = usedNow();
  let delivered = started;
  try {
    const { report, performance: measured } = await runInFolder(plan, folder, {
      files: nodeFiles,
      prompt: promptOf(plan),
      openModels: async () => opened,
      signal: new AbortController().signal,
      now: () => new Date(),
      nowMs: () => performance.now(),
      watchProcess,
      emit(event) {
        if (event.event === 'flowing') started = usedNow();
        // The clock of the processor is a call of the system: once, for the last row.
        if (event.event === 'delivered' && event.watermark === plan.settings.limit) delivered = usedNow();
      },
    });
    const stats = Object.values(models).map((model) => model.stats());
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    return {
      ...{ rows: report.rowsIn, kept: report.rowsKept },
      flow: { wallMs: delivered.wallMs - started.wallMs, cpuMs: delivered.cpuMs - started.cpuMs },
      all: usedNow(),
      requests: sum(stats.map(({ requests }) => requests)),
      replayedRows: measured!.replayedRows,
      storeHits: sum(stats.map(({ storeHits = 0 }) => storeHits)),
      memoryPeakBytes: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    await closeModels(Object.values(models));
  }
}

async function fillingModels(plan: Plan, path: string, folder: string) {
  const { nowMs, sleep } = systemClock;
  const replies = await openStore(path, basename(folder), { files: nodeFiles, nowMs, sleep });
  const models = await storeModels(plan, Object.keys(plan.models).map(answeringModel), replies);
  return {
    models: Object.fromEntries(models.map((model) => [model.name, model])),
    stepResults: stepResultCacheOf(plan, replies),
  };
}

function usedNow(): Used {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), cpuMs: (user + system) / 1000 };
}
