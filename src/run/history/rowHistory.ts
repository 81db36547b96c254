import { dirname, join } from 'node:path';
import { lastValueFrom, of, toArray } from 'rxjs';
import { columnValues } from '../../arrow/read.js';
import { withStore } from '../../backends/cache/stored.js';
import type { Model } from '../../backends/model.js';
import { ScaleQuestError } from '../../errors.js';
import type { Batch } from '../../flow/batch.js';
import { isLost } from '../../flow/rowEvents.js';
import type { Files, OpenFile } from '../../io/files/files.js';
import { sourceReader } from '../../io/sources/sourceReader.js';
import type { Plan, PlannedStep } from '../../pipeline/plan.js';
import { readReplies } from '../../store/tools/readReplies.js';
import { readCommittedRows } from '../diff/readRun.js';
import { storeIdentity } from '../open/openModels.js';
import { STORE_FOLDER } from '../open/openStore.js';
import { promptOf } from '../plan/planPipeline.js';
import { runContext, sourceScreen } from '../stream/runPlan.js';
import { storedModel } from '../verify/storedModel.js';
import { type CommittedPosition, readPosition } from './readPosition.js';
import { type ModelCall, recordCalls } from './recordCalls.js';

/** What a step did to the rows of one position. */
export interface StepHistory {
  /** Its label. */
  step: string;
  /** Its operator. */
  operator: string;
  /** What it asked its models about the row, in order. */
  calls: ModelCall[];
  /** The rows that it passed on, each with the columns that it wrote. */
  kept: Record<string, unknown>[];
  /** The rows that it lost. */
  lost: { kind: 'dropped' | 'rejected'; reason: string; message: string; reply: string | null }[];
  /** What cannot be shown, and why; null where all is shown. */
  note: string | null;
}

/** One source position on its way through a run. */
export interface RowHistory {
  seq: number;
  /** What the files of the run hold of it. */
  committed: CommittedPosition;
  /** The steps that it came to; fewer where something could not be derived. */
  steps: StepHistory[];
}

export interface RowHistoryDeps {
  files: Files;
  /** The pipeline as it ran; null where it cannot be read, with the reason. */
  plan: Plan | null;
  planNote: string | null;
}

/**
 * Derives what each step did to a position from the plan and the stored replies, without a server, as `verify --replay` does. A step
 * with memory is not done again, for it needs every row before; whether it lost the row is in the files. Modules of `custom` steps
 * are not executed. Throws ERR_RUN_FOLDER, ERR_DATA_INVALID, ERR_IO_READ.
 */
export async function rowHistory(
  folder: string,
  seq: number,
  { files, plan, planNote }: RowHistoryDeps,
): Promise<RowHistory> {
  const run = await readCommittedRows(files, folder);
  const committed = await readPosition(files, run, seq);
  if (!plan) return { seq, committed, steps: fromFiles(run.steps, committed, planNote ?? '') };
  const tracked = trackedFiles(files);
  try {
    const models = await modelsOf(folder, plan, committed, files);
    try {
      return { seq, committed, steps: await throughSteps(plan, seq, committed, models, tracked.files) };
    } finally {
      await models.close();
    }
  } finally {
    await tracked.close();
  }
}

/** Without a plan, the files still say which step lost the row. */
function fromFiles(steps: readonly string[], { lost }: CommittedPosition, note: string): StepHistory[] {
  return steps.flatMap((step) => {
    const own = lost.filter((row) => row.step === step);
    return own.length > 0 ? [{ step, operator: '', calls: [], kept: [], lost: own, note }] : [];
  });
}

interface StoredModels {
  models: Record<string, Model>;
  /** The calls since it was asked last. */
  takeCalls(): ModelCall[];
  close(): Promise<void>;
}

async function modelsOf(
  folder: string,
  plan: Plan,
  { lost }: CommittedPosition,
  files: Files,
): Promise<StoredModels> {
  const used = new Set(
    plan.steps.flatMap(({ spec, parsed }) => spec.models(parsed).map(({ model }) => model)),
  );
  const { store: named } = plan.settings;
  const path = named ?? join(dirname(folder), STORE_FOLDER);
  const isKept = used.size > 0 && named !== 'none' && (await files.stat(path)) !== null;
  const replies = isKept ? await readReplies(files, path) : null;
  const store = { path, get: (key: string) => replies?.get(key), put: async () => {}, count: () => {} };
  const rejected = new Map(lost.filter(({ kind }) => kind === 'rejected').map((row) => [row.seq, row]));
  let calls: ModelCall[] = [];
  const models = new Map<string, Model>();
  for (const name of used) {
    const model = storedModel(
      name,
      async (seq) => rejected.get(seq),
      () => {},
    );
    const identity = await storeIdentity(plan, plan.models[name]!);
    models.set(
      name,
      recordCalls(withStore(model, store, identity), (call) => void calls.push(call)),
    );
  }
  return {
    models: Object.fromEntries(models),
    takeCalls: () => calls.splice(0),
    close: async () => replies?.close(),
  };
}

async function throughSteps(
  plan: Plan,
  seq: number,
  committed: CommittedPosition,
  { models, takeCalls }: StoredModels,
  files: Files,
): Promise<StepHistory[]> {
  const rows = await sourceReader(plan.settings.source, plan.folder, files)(seq, 1);
  if (!rows || rows.numRows === 0) return [];
  let batch: Batch = { lo: seq, hi: seq + 1, rows, events: [] };
  const steps: StepHistory[] = [];
  for (const [at, step] of plan.steps.entries()) {
    const { label, spec } = step;
    const known = committed.lost.filter((row) => row.step === label);
    const base = { step: label, operator: spec.name, calls: [], kept: [], lost: known, note: null };
    if (spec.name === 'custom' || spec.origin?.isLoaded === false)
      return [...steps, { ...base, note: CUSTOM }];
    if (!spec.isRowwise) {
      steps.push({ ...base, note: known.length === 0 ? WITH_MEMORY : null });
      if (known.length > 0) return steps;
      continue;
    }
    const done = await doStep(plan, step, at, batch, models);
    const calls = takeCalls();
    if (done instanceof ScaleQuestError) return [...steps, { ...base, calls, note: noteOf(done) }];
    batch = done;
    steps.push({ ...base, calls, kept: writtenBy(step, batch), lost: lostBy(step, batch) });
    if (batch.rows.numRows === 0) return steps;
  }
  return steps;
}

const CUSTOM = 'A step of your own: its code is not executed to show a row, so what follows is not shown.';
const WITH_MEMORY = 'It kept the row. It decides by the rows before, so it is not done again here.';

function noteOf({ code, message }: ScaleQuestError): string {
  if (code === 'ERR_STORE_DAMAGED')
    return 'The store of replies has no reply to the last call: it was pruned, another store was used, or the call failed in the run.';
  return `It could not be done again: ${message}`;
}

async function doStep(
  plan: Plan,
  { spec, input, label }: PlannedStep,
  at: number,
  batch: Batch,
  models: Record<string, Model>,
): Promise<Batch | ScaleQuestError> {
  const screened = at === 0 ? { screen: sourceScreen(plan) } : {};
  const context = { ...runContext(plan, { models, prompt: promptOf(plan) }, label), ...screened };
  try {
    const [done] = await lastValueFrom(
      of({ ...batch, events: [] }).pipe(spec.operator(input, context), toArray()),
    );
    return done ?? new ScaleQuestError('ERR_INVARIANT', 'the step gave no batch');
  } catch (error) {
    if (error instanceof ScaleQuestError) return error;
    throw error;
  }
}

function writtenBy({ spec, parsed }: PlannedStep, { rows }: Batch): Record<string, unknown>[] {
  const names = spec.writes(parsed).map(({ name }) => name);
  const columns = names.map((name) => columnValues(rows, name));
  return Array.from({ length: rows.numRows }, (_, row) =>
    Object.fromEntries(names.map((name, at) => [name, columns[at]![row]])),
  );
}

function lostBy({ label }: PlannedStep, { events }: Batch): StepHistory['lost'] {
  return events
    .filter(isLost)
    .filter(({ step }) => step === label)
    .map(({ kind, reason, message, reply }) => ({ kind, reason, message, reply }));
}

/** A source that is read to one row stays open in its middle. */
function trackedFiles(files: Files): { files: Files; close(): Promise<void> } {
  const open = new Set<OpenFile>();
  return {
    files: {
      ...files,
      async open(path, mode) {
        const file = await files.open(path, mode);
        open.add(file);
        return { ...file, close: () => (open.delete(file), file.close()) };
      },
    },
    close: async () => void (await Promise.allSettled([...open].map((file) => file.close()))),
  };
}
