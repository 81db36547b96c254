import { join } from 'node:path';
import { readWhole } from '../../io/files/files.js';
import { openText } from '../../io/files/seal.js';
import { readManifest } from '../../io/runFolder/manifest.js';
import { MANIFEST_FILE } from '../../io/runFolder/runPaths.js';
import type { Plan } from '../../pipeline/plan.js';
import { planSnapshotUnloaded } from '../plan/planPipeline.js';
import type { SystemWorld } from '../systemWorld.js';
import { startedFile } from '../plan/planOfRun.js';

/** The pipeline that a run folder was made with, from the copy in it; or why it cannot be had, in a sentence. Executes nothing. */
export async function viewedPlan(
  folder: string,
  world: Pick<SystemWorld, 'files' | 'env'>,
): Promise<{ plan: Plan; note: null } | { plan: null; note: string }> {
  const path = join(folder, 'pipeline.yaml');
  const none = (why: string) => ({ plan: null, note: `What the steps did is not shown: ${why}` });
  try {
    const file = await startedFile(folder, world);
    const text = Buffer.from(await readWhole(world.files, path)).toString();
    if (file === null || !openText(text).isWhole)
      return none(`${path} was changed, or its place is not in the log.`);
    const plan = await planSnapshotUnloaded(file, text, world);
    const { run } = await readManifest(world.files, join(folder, MANIFEST_FILE));
    if (run.identity === plan.identity) return { plan, note: null };
    return none('the source, a model file or a prompt file is not what it was when the run was made.');
  } catch (error) {
    return none((error as Error).message.split('\n')[0]!);
  }
}
