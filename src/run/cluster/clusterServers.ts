import { resolve } from 'node:path';
import { describeModel } from '../../backends/registry.js';
import { ScaleQuestError } from '../../errors.js';
import type { Plan } from '../../pipeline/plan.js';
import { filledRemover } from '../../train/environment.js';

/** Servers of a pipeline that a cluster starts: all of one command, in one folder. */
export interface ClusterServers {
  /** The models that they serve. */
  models: readonly string[];
  /** The folder in which they list themselves; absolute. */
  folder: string;
  /** What the environment filled in is `${NAME}` again. */
  command: readonly string[];
  /** Undefined where the file does not say. */
  replicas: number | undefined;
  gpusEach: number;
  apiKeyEnv: string | undefined;
  startTimeoutMs: number;
}

/** As `findClusterServers`; ERR_PIPELINE_MODEL too where there are none. */
export function clusterServersOf(plan: Plan): ClusterServers[] {
  const servers = findClusterServers(plan);
  if (servers.length === 0) throw noServers(plan.file);
  return servers;
}

/** The servers that the models of a plan have `on: cluster`. Throws ERR_PIPELINE_MODEL where one folder has servers of two kinds. */
export function findClusterServers(plan: Plan): ClusterServers[] {
  const clean = filledRemover(plan.filled);
  const used = new Set(
    plan.steps.flatMap(({ spec, parsed }) => spec.models(parsed).map(({ model }) => model)),
  );
  const byFolder = new Map<string, ClusterServers>();
  for (const [name, config] of Object.entries(plan.models)) {
    const { servers } = describeModel(config);
    if (!used.has(name) || !servers?.onCluster || servers.replicasFrom === undefined) continue;
    const { onCluster, apiKeyEnv } = servers;
    const own: ClusterServers = {
      models: [name],
      folder: resolve(plan.folder, servers.replicasFrom),
      command: onCluster.command.map(clean),
      replicas: onCluster.replicas,
      gpusEach: onCluster.gpusEach ?? 1,
      apiKeyEnv,
      startTimeoutMs: onCluster.startTimeoutMs,
    };
    const other = byFolder.get(own.folder);
    if (other === undefined) byFolder.set(own.folder, own);
    else if (isSame(other, own)) byFolder.set(own.folder, { ...own, models: [...other.models, name] });
    else throw twoKinds(plan.file, other.models[0]!, own);
  }
  return [...byFolder.values()];
}

function isSame({ models: _, ...one }: ClusterServers, { models: __, ...other }: ClusterServers): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function twoKinds(file: string, first: string, { models, folder }: ClusterServers): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `${file}: the models ${first} and ${models[0]} have the same replicasFrom, ${folder}, but not the same serve: ` +
      'calls of one would go to servers of the other. Give each a folder of its own',
  );
}

function noServers(file: string): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `${file}: found no model with \`serve: { command: […], on: cluster }\`, expected one or more that the steps ` +
      'use: nothing says what the cluster is to start',
  );
}
