import { resolve } from 'node:path';
import { type PipelineOptions, overridesFrom, planPipeline } from '../plan/planPipeline.js';
import { type SystemWorld, systemWorld } from '../systemWorld.js';
import { clusterServersOf } from './clusterServers.js';
import { type KubernetesOptions, kubernetesManifests } from './kubernetesManifests.js';
import { type ClusterRun, type SlurmOptions, slurmScript } from './slurmScript.js';

/** For which cluster files are printed. */
export type ClusterOptions = PipelineOptions & {
  /** The folder that the run is started in; absolute. */
  folder: string;
  /** The words that start scalequest on the nodes. */
  scalequest: readonly string[];
  engine: { slurm: SlurmOptions } | { kubernetes: KubernetesOptions };
};

/**
 * The file that starts a pipeline's servers and its run on a cluster, as text. Writes and sends nothing.
 *
 * @throws PipelineProblems for a pipeline file with mistakes; ERR_PIPELINE_MODEL where no model is served on a cluster; ERR_USAGE.
 */
export async function printCluster(
  file: string,
  { folder, scalequest, engine, ...options }: ClusterOptions,
  world: Pick<SystemWorld, 'env'> = systemWorld(),
): Promise<string> {
  const plan = await planPipeline(file, options, world);
  const servers = clusterServersOf(plan);
  const args = overridesFrom(options).flatMap(({ path, value }) => ['--set', `${path.join('.')}=${value}`]);
  const run: ClusterRun = { name: plan.name, file: resolve(folder, file), args, folder, scalequest };
  if ('slurm' in engine) return slurmScript(run, servers, engine.slurm);
  return kubernetesManifests(run, servers, engine.kubernetes);
}
