import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ReplyStore, withStore } from '../../backends/cache/stored.js';
import type { Model } from '../../backends/model.js';
import { ScaleQuestError } from '../../errors.js';
import { commitPositionsSeen } from '../../flow/commitCuts.js';
import type { CommitSink } from '../../flow/commitShards.js';
import { readWhole } from '../../io/files/files.js';
import { packageVersion } from '../../io/files/packageFiles.js';
import { type CommitRecord, type ManifestContent, readManifest } from '../../io/runFolder/manifest.js';
import { type RunFolder, openRunFolder } from '../../io/runFolder/runFolder.js';
import { MANIFEST_FILE } from '../../io/runFolder/runPaths.js';
import { openRunSink } from '../../io/runFolder/runSink.js';
import { hubOf } from '../../io/hub/hubAccess.js';
import { hubPin } from '../../io/runFolder/hubPin.js';
import { sourceReader } from '../../io/sources/sourceReader.js';
import type { Plan } from '../../pipeline/plan.js';
import { readReplies } from '../../store/tools/readReplies.js';
import { storeIdentity } from '../open/openModels.js';
import { STORE_FOLDER } from '../open/openStore.js';
import { assertSamePlan, planOfRun } from '../plan/planOfRun.js';
import { promptOf } from '../plan/planPipeline.js';
import { shardMetadata } from '../runInFolder.js';
import { runPlan } from '../stream/runPlan.js';
import { type SystemWorld, systemWorld } from '../systemWorld.js';
import { type RowDifference, firstDifference } from './firstDifference.js';
import { rejectedFinder } from './rejectedFinder.js';
import { type MissingReply, storedModel } from './storedModel.js';

/** Options of `replayRun`. */
export interface ReplayOptions {
  /** The pipeline file; if absent, the copy in the run folder, with paths from where the run's file was. */
  pipeline?: string | undefined;
  /** The store of replies; the one of the pipeline if absent. */
  store?: string | undefined;
}

/** What a replay came to. */
export interface RunReplay {
  /** The pipeline file that was replayed. */
  pipeline: string;
  /** Committed files that were derived again with the same bytes. */
  filesSame: number;
  /** Rows in them. */
  rowsSame: number;
  /** Null if every file came out with the same bytes. */
  difference: ReplayDifference | null;
  /** Why the replay ended early, or why the bytes may differ, in sentences. */
  reasons: string[];
}

/** The first file that did not come out as it was committed. */
export interface ReplayDifference {
  /** Path inside the run folder. */
  file: string;
  /** Null where all rows are the same though the bytes are not, or where the committed file cannot be read. */
  at: RowDifference | null;
}

/**
 * Makes the committed files of a run again, from its pipeline and the stored replies, without any server, and compares them byte
 * for byte with what the manifest names. Writes to a temporary folder alone. Throws PipelineProblems, ERR_RUN_FOLDER for another
 * pipeline, ERR_STORE_OPEN, ERR_DATA_INVALID, and whatever ends a run.
 */
export async function replayRun(
  folder: string,
  options: ReplayOptions = {},
  world: SystemWorld = systemWorld(),
): Promise<RunReplay> {
  const manifest = await readManifest(world.files, join(folder, MANIFEST_FILE));
  const plan = await planOfRun(folder, options, world);
  assertSamePlan(folder, manifest, plan);
  const own = await temporaryFolder();
  try {
    return await replayInto(join(own, 'run'), { folder, manifest, plan, options, world });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function temporaryFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'scalequest-replay-'));
  } catch (error) {
    const message = `cannot make a folder in ${tmpdir()} (${(error as NodeJS.ErrnoException).code}): name another one in TMPDIR`;
    throw new ScaleQuestError('ERR_IO_WRITE', message, { cause: error });
  }
}

interface Replaying {
  folder: string;
  manifest: ManifestContent;
  plan: Plan;
  options: ReplayOptions;
  world: SystemWorld;
}

async function replayInto(path: string, replaying: Replaying): Promise<RunReplay> {
  const { manifest, plan, world } = replaying;
  const { commits, run } = manifest;
  const result: RunReplay = { pipeline: plan.file, filesSame: 0, rowsSame: 0, difference: null, reasons: [] };
  const next = commits.at(-1)?.next ?? 0;
  if (next === 0) return { ...result, reasons: ['The run has committed no row.'] };
  const missing: MissingReply[] = [];
  const opened = await modelsOf(replaying, (reply) => void missing.push(reply));
  const copy = await openRunFolder(world.files, path, run);
  const { rowGroupRows, zstdLevel } = plan.settings.output;
  const sink = openRunSink(world.files, copy, {
    ...{ columns: plan.columns, metadata: shardMetadata(plan), rowGroupRows, zstdLevel },
  });
  const compared: CommitSink = {
    append: sink.append,
    appendEvents: sink.appendEvents,
    async commit(cut) {
      await sink.commit(cut);
      result.difference = await compareCommit(replaying, copy, result);
      // What follows is not worth its time.
      if (result.difference) throw new ScaleQuestError('ERR_CANCELLED', 'a file differs');
    },
  };
  try {
    // Beyond the last committed position a run may have asked, and has kept nothing.
    const limited = { ...plan, settings: { ...plan.settings, limit: next } };
    const hub = hubOf(world.env, { clock: world.clock, pin: hubPin(world.files, replaying.folder) });
    const read = sourceReader(plan.settings.source, plan.folder, world.files, undefined, hub);
    const commitPositions = commitPositionsSeen(
      commits.map((commit) => commit.next),
      plan.settings.output.shardRows,
    );
    const deps = { models: opened.models, prompt: promptOf(plan), read, sink: compared, commitPositions };
    await runPlan(limited, deps);
    if (!result.difference && result.filesSame < filesOf(commits).length)
      result.reasons.push('The replay ended before the last commit: the source has fewer rows than it had.');
  } catch (error) {
    if (!result.difference && missing.length === 0) throw error;
  } finally {
    await sink.close();
    await copy.manifest.close();
    await opened.close();
  }
  result.reasons.push(...(await reasonsOf(replaying, result, missing)));
  return result;
}

async function modelsOf(
  { folder, manifest, plan, options, world }: Replaying,
  onMissing: (missing: MissingReply) => void,
): Promise<{ models: Record<string, Model>; close(): Promise<void> }> {
  const used = new Set(
    plan.steps.flatMap(({ spec, parsed }) => spec.models(parsed).map(({ model }) => model)),
  );
  if (used.size === 0) return { models: {}, close: async () => {} };
  const { store: named = plan.settings.store } = options;
  if (named === 'none') {
    const message =
      'the run kept no replies (`store: none`), so there is nothing to replay from; expected a store';
    throw new ScaleQuestError('ERR_STORE_OPEN', message);
  }
  const replies = await readReplies(world.files, named ?? join(dirname(folder), STORE_FOLDER));
  const store: ReplyStore = { ...replies, put: async () => {}, count: () => {} };
  const findRejected = rejectedFinder(world.files, folder, manifest.commits);
  const models = new Map<string, Model>();
  for (const [name, config] of Object.entries(plan.models)) {
    if (!used.has(name)) continue;
    models.set(
      name,
      withStore(storedModel(name, findRejected, onMissing), store, await storeIdentity(plan, config)),
    );
  }
  return { models: Object.fromEntries(models), close: replies.close };
}

function filesOf(commits: readonly CommitRecord[]) {
  return commits.flatMap(({ shard, rejects, state }) =>
    [shard, rejects, state].filter((file) => file !== null),
  );
}

/** Compares the files of the commit that was made last, and removes them. */
async function compareCommit(
  { folder, manifest, plan, world }: Replaying,
  copy: RunFolder,
  result: RunReplay,
): Promise<ReplayDifference | null> {
  const { files } = world;
  const made = copy.manifest.content.commits.at(-1)!;
  const before = manifest.commits[made.index];
  // The end of a replay of a run that has not come to its end.
  if (!before) return null;
  for (const kind of ['shard', 'rejects', 'state'] as const) {
    const [own, expected] = [made[kind], before[kind]];
    if (own?.sha256 !== expected?.sha256) {
      const file = (expected ?? own)!.file;
      if (kind !== 'shard' || !own || !expected) return { file, at: null };
      const paths = [join(folder, file), join(copy.path, own.file)] as const;
      return { file, at: await firstDifference(files, ...paths, plan.columns).catch(() => null) };
    }
    if (!own) continue;
    result.filesSame += 1;
    if (kind === 'shard') result.rowsSame += own.rows;
    await files.unlink(join(copy.path, own.file));
  }
  return null;
}

async function reasonsOf(
  { folder, world: { files } }: Replaying,
  { difference }: RunReplay,
  missing: readonly MissingReply[],
): Promise<string[]> {
  const reasons: string[] = [];
  const [first] = missing;
  if (first && !difference)
    reasons.push(
      `The store has no reply of ${first.model} for row ${first.seq}: it was pruned, another store was used, or the call failed in ` +
        'the run and left none. The rows from there on could not be derived.',
    );
  if (!difference) return reasons;
  if (difference.at === null)
    reasons.push(
      'No value of its rows differs, or the committed file cannot be read: `verify` names damaged files.',
    );
  const wrote = await versionIn(folder, files);
  if (wrote !== null && wrote !== packageVersion())
    reasons.push(`scalequest ${wrote} wrote the run, and this is ${packageVersion()}.`);
  reasons.push(
    'The bytes may differ where another version of scalequest or of its libraries wrote the run, where a reply was asked anew and ' +
      'the server answered otherwise, or where a step of your own depends on more than its row.',
  );
  return reasons;
}

async function versionIn(folder: string, files: SystemWorld['files']): Promise<string | null> {
  try {
    const text = Buffer.from(await readWhole(files, join(folder, 'report.json'))).toString();
    return (JSON.parse(text) as { scalequest?: string }).scalequest ?? null;
  } catch {
    return null;
  }
}
