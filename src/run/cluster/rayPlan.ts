import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import type { Plan } from '../../pipeline/plan.js';
import { hashOf } from '../../pipeline/hash.js';
import { STORE_FOLDER } from '../open/openStore.js';
import { type ClusterServers, findClusterServers } from './clusterServers.js';
import { movedPath } from './movedPath.js';

/** How a run is started on a Ray cluster. */
export interface RayPlacement {
  /** The folder that the command was typed in; absolute. */
  folder: string;
  /** Where the nodes of the cluster see that folder. */
  clusterFolder: string;
  /** The words that start scalequest on the nodes, as `npx scalequest`. */
  scalequest: readonly string[];
  /** More arguments of `scalequest run`. */
  args: readonly string[];
  /** The run folder, if one was named. */
  out: string | undefined;
  /** Of this scalequest; the nodes must have the same. */
  version: string;
  /** SHA-256 of the pipeline file. */
  sha256: string;
}

/** What rayDriver.py is told: paths are those of the nodes, and `{host}` stands for a node's address. */
export interface RayPlan {
  /** The folder that all processes are started in. */
  cwd: string;
  /** Folders that all nodes must share; made where they are missing. */
  folders: readonly string[];
  file: { path: string; sha256: string };
  version: string;
  scalequest: readonly string[];
  run: readonly string[];
  servers: readonly RayServers[];
}

export interface RayServers {
  models: readonly string[];
  folder: string;
  words: readonly string[];
  /** As many as fit, if null. */
  replicas: number | null;
  gpusEach: number;
}

/** Throws ERR_USAGE for files outside of the folder, and ERR_PIPELINE_MODEL for servers that would take each other's GPUs. */
export function rayPlanOf(plan: Plan, placement: RayPlacement): RayPlan {
  const { scalequest, args, out, version, sha256, clusterFolder } = placement;
  const servers = findClusterServers(plan);
  const open = servers.find(({ replicas }) => replicas === undefined);
  if (open !== undefined && servers.length > 1) throw greedy(plan.file, open);
  const file = { path: onCluster(plan.file, placement), sha256 };
  const outWords = out === undefined ? [] : ['--out', onCluster(out, placement)];
  return {
    cwd: clusterFolder,
    folders: foldersOf(plan, servers, placement),
    ...{ file, version, scalequest },
    run: [...scalequest, 'run', file.path, '--take-over', ...outWords, ...args],
    servers: servers.map((each) => serversOf(each, placement)),
  };
}

/** Tells the run of a job: whatever it was told besides, two jobs with it would write one run folder. */
export function runKeyOf({ file, cwd, run }: RayPlan): string {
  const at = run.indexOf('--out');
  return hashOf([cwd, file.path, at < 0 ? null : run[at + 1]]).slice(0, 16);
}

function serversOf(servers: ClusterServers, placement: RayPlacement): RayServers {
  const { models, command, replicas, gpusEach, apiKeyEnv, startTimeoutMs } = servers;
  const folder = onCluster(servers.folder, placement);
  const words = [
    ...[...placement.scalequest, 'serve', folder, '--host', '{host}'],
    ...['--start-timeout-ms', `${startTimeoutMs}`],
    ...(apiKeyEnv === undefined ? [] : ['--api-key-env', apiKeyEnv]),
    ...['--', ...command],
  ];
  return { models, folder, words, replicas: replicas ?? null, gpusEach };
}

/** The folder itself, and those outside of it in which the run or the servers write. */
function foldersOf(plan: Plan, servers: readonly ClusterServers[], placement: RayPlacement): string[] {
  const { out, folder } = placement;
  const { store, output } = plan.settings;
  const run = resolve(folder, out ?? output.folder ?? `runs/${plan.name}`);
  const stores = store === 'none' ? [] : [store ?? resolve(dirname(run), STORE_FOLDER)];
  const written = [dirname(run), ...stores, ...servers.map((each) => each.folder)];
  const moved = written.map((path) => onCluster(path, placement));
  const apart = moved.filter((path) => !isInside(path, placement.clusterFolder));
  const listed = servers.map((each) => onCluster(each.folder, placement));
  return [...new Set([placement.clusterFolder, ...listed, ...apart])];
}

/** Where the nodes see a file. Without a folder of their own they see it where it is. */
function onCluster(path: string, { folder, clusterFolder }: RayPlacement): string {
  const absolute = resolve(folder, path);
  return folder === clusterFolder ? absolute : movedPath(absolute, folder, clusterFolder);
}

function isInside(path: string, folder: string): boolean {
  const inside = relative(folder, path);
  return inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

function greedy(file: string, { models }: ClusterServers): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `${basename(file)}: found no serve.replicas of ${models[0]} beside servers of other models, expected a number: ` +
      'without one it takes all GPUs',
  );
}
