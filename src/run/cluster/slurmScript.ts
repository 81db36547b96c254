import { basename } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import type { ClusterServers } from './clusterServers.js';

/** What a batch script for Slurm is told. */
export interface SlurmOptions {
  nodes: number;
  gpusPerNode: number;
  /** Processors of each server. */
  cpusEach: number;
  /** Slurm's format, as `24:00:00`. */
  time: string;
  /** More options of sbatch, as `--partition=gpu`. */
  sbatch: readonly string[];
}

/** What runs, wherever it runs. */
export interface ClusterRun {
  name: string;
  /** The pipeline file; absolute. */
  file: string;
  /** More arguments of `scalequest run`. */
  args: readonly string[];
  /** The folder that it is started in; absolute. */
  folder: string;
  /** The words that start scalequest on the nodes, as `npx scalequest`. */
  scalequest: readonly string[];
}

/**
 * A batch script that starts the servers of a pipeline on the nodes of one job, and the run beside them. It needs no more than a
 * folder that all nodes share. Throws ERR_USAGE for servers that do not fit.
 */
export function slurmScript(
  run: ClusterRun,
  servers: readonly ClusterServers[],
  options: SlurmOptions,
): string {
  const { nodes, gpusPerNode, time, sbatch } = options;
  const counts = countServers(servers, options);
  const directives = [
    `--job-name=${run.name.replaceAll(/\s+/g, '_')}`,
    `--nodes=${nodes}`,
    ...(gpusPerNode > 0 ? [`--gpus-per-node=${gpusPerNode}`] : []),
    '--exclusive',
    `--time=${time}`,
    '--requeue',
    '--open-mode=append',
    '--signal=B:TERM@120',
    `--chdir=${/\s/.test(run.folder) ? `"${run.folder}"` : run.folder}`,
    ...sbatch,
  ];
  return [
    '#!/bin/bash',
    `# Printed by \`scalequest cluster slurm ${basename(run.file)}\`; submit it with sbatch, and again to go on after the time limit.`,
    ...directives.map((directive) => `#SBATCH ${directive}`),
    'set -u',
    '',
    '# Whether all nodes see the same folders is found out before anything is started.',
    ...[...new Set([run.folder, ...servers.map(({ folder }) => folder)])].flatMap(sharedCheck),
    '',
    ...servers.flatMap((each, at) => serverLines(run, each, counts[at]!, options)),
    '',
    runLines([...run.scalequest, 'run', run.file, '--take-over', ...run.args].map(shellWord).join(' ')),
    '',
  ].join('\n');
}

/** The mark goes when it has been seen, for servers of other jobs may list themselves beside. */
function sharedCheck(folder: string): string[] {
  const mark = `${shellWord(folder)}/.job-"$SLURM_JOB_ID"`;
  return [
    `mkdir -p ${shellWord(folder)} && touch ${mark}`,
    `if ! srun --ntasks="$SLURM_NNODES" --ntasks-per-node=1 --mem=0 test -e ${mark}; then`,
    `  rm -f ${mark}`,
    `  echo ${shellWord(`found that not every node sees ${folder}, expected a folder that all nodes share; see above for the nodes`)} >&2`,
    '  exit 5',
    'fi',
    `rm -f ${mark}`,
  ];
}

function serverLines(
  { scalequest }: ClusterRun,
  servers: ClusterServers,
  count: number,
  { cpusEach }: SlurmOptions,
): string[] {
  const { models, folder, command, gpusEach, apiKeyEnv, startTimeoutMs } = servers;
  const step = [
    'srun',
    `--ntasks=${count}`,
    `--cpus-per-task=${cpusEach}`,
    ...(gpusEach > 0 ? [`--gpus-per-task=${gpusEach}`] : []),
    '--exact --mem=0 --kill-on-bad-exit=0 --label',
  ];
  const words = [
    ...[...scalequest, 'serve', folder, '--start-timeout-ms', `${startTimeoutMs}`],
    ...(apiKeyEnv === undefined ? [] : ['--api-key-env', apiKeyEnv]),
    ...['--', ...command],
  ];
  return [
    `# ${count} server${count === 1 ? '' : 's'} of ${models.join(', ')}`,
    `${step.join(' ')} \\`,
    `  ${words.map(shellWord).join(' ')} &`,
    '# Slurm refuses a step that does not fit at once.',
    'sleep 2',
    'if ! kill -0 "$!" 2>/dev/null; then',
    `  echo ${shellWord(`the servers of ${models.join(', ')} did not start; see above`)} >&2`,
    '  exit 4',
    'fi',
  ];
}

/**
 * A run that is killed, as for its memory, is started again, and goes on. Before the time limit Slurm tells this shell, which tells
 * the run: it commits and ends. `wait` comes back for a signal, so it is asked again.
 */
const runLines = (command: string): string => `run=
trap '[ -z "$run" ] || kill -TERM "$run"' TERM
code=137
for ((attempt = 0; attempt < 5 && code == 137; attempt++)); do
  ${command} &
  run=$!
  wait "$run"
  code=$?
  while kill -0 "$run" 2>/dev/null; do
    wait "$run"
    code=$?
  done
done
# The servers leave their list and end. A signal to srun itself would kill them at once,
# and one to a step that is starting is lost.
for ((waited = 0; ; waited++)); do
  [ -n "$(jobs -r)" ] || break
  ((waited % 15 == 0)) && scancel --quiet --signal=TERM "$SLURM_JOB_ID"
  sleep 1
done
exit "$code"`;

function countServers(servers: readonly ClusterServers[], { nodes, gpusPerNode }: SlurmOptions): number[] {
  const counts = servers.map(({ models, replicas, gpusEach }) => {
    if (gpusEach > gpusPerNode)
      throw misfit(
        `each server of ${models[0]} needs ${gpusEach} GPUs, but a node has ${gpusPerNode}`,
        'raise --gpus-per-node',
      );
    if (replicas !== undefined) return replicas;
    if (servers.length > 1)
      throw misfit(
        `${models[0]} does not say how many servers it has, nor may it take all GPUs`,
        'give each model serve.replicas',
      );
    return gpusEach === 0 ? nodes : nodes * Math.floor(gpusPerNode / gpusEach);
  });
  const needed = servers.reduce((sum, { gpusEach }, at) => sum + counts[at]! * gpusEach, 0);
  if (needed <= nodes * gpusPerNode) return counts;
  throw misfit(
    `the servers need ${needed} GPUs, but ${nodes} nodes of ${gpusPerNode} have ${nodes * gpusPerNode}`,
    'raise --nodes, or lower serve.replicas',
  );
}

function misfit(found: string, advice: string): ScaleQuestError {
  return new ScaleQuestError('ERR_USAGE', `found that ${found}, expected servers that fit; ${advice}`);
}

/** A word as bash reads it back. `${NAME}` stays a variable, for it stands for what the environment filled in. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  const parts = word.split(/(\$\{\w+\})/).filter((part) => part !== '');
  const quoted = parts.map((part) =>
    /^\$\{\w+\}$/.test(part) ? `"${part}"` : `'${part.replaceAll("'", String.raw`'\''`)}'`,
  );
  return quoted.join('') || "''";
}
