import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { systemClock, wallNowMs } from '../../clock.js';
import { codeHash } from '../../io/files/codeHash.js';
import { nodeFiles } from '../../io/files/files.js';
import type { Plan } from '../../pipeline/plan.js';
import { hashOf } from '../../pipeline/hash.js';
import type { RunLock } from '../../io/runFolder/runLock.js';
import { takeStoreFrom } from '../../store/database/takeStore.js';
import { type Store, openStore } from '../../store/store.js';
import type { StepResultCache } from '../stream/runPlan.js';

/** The store lies beside the run folders, so that it outlives each of them. */
export const STORE_FOLDER = '.store';

/** What of a run folder's lock matters to the store: a run that was taken over must not write there either. */
export type StoreLock = Pick<RunLock, 'files' | 'takenFrom'>;

const NO_LOCK: StoreLock = { files: nodeFiles, takenFrom: null };

/** Opens the store of a run. Null if the pipeline file says `store: none`. */
export async function openStoreOf(
  { settings }: Plan,
  runPath: string,
  { files, takenFrom }: StoreLock = NO_LOCK,
): Promise<Store | null> {
  if (settings.store === 'none') return null;
  const path = settings.store ?? join(dirname(runPath), STORE_FOLDER);
  const { sleep } = systemClock;
  if (takenFrom !== null) await takeStoreFrom(files, path, takenFrom, sleep);
  return openStore(path, runNameIn(path, runPath), { files, nowMs: wallNowMs, sleep });
}

/** LMDB limits the length of keys. */
const RUN_NAME_BYTES_MAX = 400;

/** Names a run by its path from the folder of the store, so that two run folders of one name do not share it. */
export function runNameIn(storePath: string, runPath: string): string {
  const name = relative(dirname(resolve(storePath)), resolve(runPath))
    .split(sep)
    .join('/');
  if (Buffer.byteLength(name) <= RUN_NAME_BYTES_MAX) return name;
  return `${hashOf(name).slice(0, 12)}/${basename(runPath)}`;
}

/** Large enough that reading a segment costs little a row, small enough that a window holds several. */
const SEGMENT_ROWS = 512;

/** The store's step results for this plan and this version of the code. */
export function stepResultCacheOf({ stepFingerprints }: Plan, { stepResults }: Store): StepResultCache {
  const code = codeHash();
  const own = stepFingerprints.map((fingerprint) => hashOf({ code, fingerprint }));
  return {
    segmentRows: SEGMENT_ROWS,
    get: (step, lo) => stepResults.get(own[step]!, lo),
    count: stepResults.count,
    put: (lo, results) =>
      stepResults.put(
        lo,
        results.map(({ step, bytes }) => ({ fingerprint: own[step]!, bytes })),
      ),
  };
}
