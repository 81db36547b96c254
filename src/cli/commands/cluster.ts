import { Argument, Option } from 'commander';
import { ScaleQuestError } from '../../errors.js';
import type { ClusterOptions } from '../../run/cluster/printCluster.js';
import { type CommandSpec, type PipelineFlags, parseOverride, parseWholeNumber } from '../command.js';

export const clusterCommand: CommandSpec = {
  name: 'cluster',
  summary: 'Print the file that starts the servers of a pipeline and its run on Slurm or Kubernetes.',
  declare: (command) =>
    command
      .addArgument(new Argument('<engine>', 'where it is to run').choices(['slurm', 'kubernetes']))
      .argument('<pipeline>', 'a pipeline file (YAML) whose models have `serve: { on: cluster }`')
      .option('--set <key=value>', 'change one value of the file; may be repeated', parseOverride, [])
      .option('--scalequest <words>', 'how it is started there', 'npx scalequest')
      .option('--nodes <count>', 'Slurm: nodes of the job', parseWholeNumber)
      .option('--gpus-per-node <count>', 'Slurm: GPUs of a node', parseCount, 0)
      .option('--cpus-per-server <count>', 'Slurm: processors of each server', parseWholeNumber, 2)
      .option('--time <limit>', 'Slurm: time limit of the job', '24:00:00')
      .addOption(
        new Option(
          '--sbatch <option>',
          'Slurm: another option of sbatch, as --sbatch=--partition=gpu; may be repeated',
        )
          .argParser((text: string, before: string[]) => [...before, text])
          .default([]),
      )
      .option('--image <name>', 'Kubernetes: an image with Node, scalequest and the server')
      .option('--claim <name>', 'Kubernetes: the PersistentVolumeClaim with the working folder')
      .option('--mount <path>', 'Kubernetes: where it is mounted', '/work')
      .option('--secret <name>', 'Kubernetes: a Secret whose keys become environment variables')
      .addHelpText('after', EXAMPLES),
  action: cluster,
};

const EXAMPLES = `
Examples:
  scalequest cluster slurm my-set.yaml --nodes 4 --gpus-per-node 8 | sbatch
  scalequest cluster kubernetes my-set.yaml --image my/vllm-scalequest --claim work | kubectl apply -f -
`;

interface ClusterFlags extends PipelineFlags {
  scalequest: string;
  nodes?: number;
  gpusPerNode: number;
  cpusPerServer: number;
  time: string;
  sbatch: string[];
  image?: string;
  claim?: string;
  mount: string;
  secret?: string;
}

async function cluster(engine: 'slurm' | 'kubernetes', file: string, flags: ClusterFlags): Promise<void> {
  const { printCluster } = await import('../../run/cluster/printCluster.js');
  const text = await printCluster(file, {
    set: flags.set,
    folder: process.cwd(),
    scalequest: flags.scalequest.split(/\s+/).filter((word) => word !== ''),
    engine: engine === 'slurm' ? { slurm: slurmOptions(flags) } : { kubernetes: kubernetesOptions(flags) },
  });
  process.stdout.write(text);
}

type Slurm = Extract<ClusterOptions['engine'], { slurm: unknown }>['slurm'];
type Kubernetes = Extract<ClusterOptions['engine'], { kubernetes: unknown }>['kubernetes'];

function slurmOptions({ nodes, gpusPerNode, cpusPerServer, time, sbatch }: ClusterFlags): Slurm {
  if (nodes === undefined) throw missing('slurm', '--nodes', 'how many nodes the job has');
  if (!/^[\d:-]+$/.test(time))
    throw new ScaleQuestError(
      'ERR_USAGE',
      `found --time ${JSON.stringify(time)}, expected one of Slurm's, as 24:00:00 or 2-00`,
    );
  const wrong = sbatch.find((option) => !/^--?[A-Za-z][^\n]*$/.test(option));
  if (wrong !== undefined)
    throw new ScaleQuestError(
      'ERR_USAGE',
      `found --sbatch ${JSON.stringify(wrong)}, expected an option of sbatch, as --partition=gpu`,
    );
  return { nodes, gpusPerNode, cpusEach: cpusPerServer, time, sbatch };
}

function kubernetesOptions({ image, claim, mount, secret }: ClusterFlags): Kubernetes {
  if (image === undefined)
    throw missing('kubernetes', '--image', 'an image with Node, scalequest and the server');
  if (claim === undefined)
    throw missing('kubernetes', '--claim', 'the PersistentVolumeClaim with the working folder');
  if (!mount.startsWith('/'))
    throw new ScaleQuestError('ERR_USAGE', `found --mount ${mount}, expected an absolute path, as /work`);
  return { image, claim, mount, secret };
}

function missing(engine: string, flag: string, what: string): ScaleQuestError {
  return new ScaleQuestError('ERR_USAGE', `${engine}: expected ${flag}, ${what}`);
}

function parseCount(text: string): number {
  return text === '0' ? 0 : parseWholeNumber(text);
}
