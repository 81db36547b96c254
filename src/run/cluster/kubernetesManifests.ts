import { stringify } from 'yaml';
import type { ClusterServers } from './clusterServers.js';
import { movedPath } from './movedPath.js';
import type { ClusterRun } from './slurmScript.js';

/** What manifests for Kubernetes are told. */
export interface KubernetesOptions {
  /** The image of the servers and of the run: it has Node, scalequest and the server. */
  image: string;
  /** The name of the PersistentVolumeClaim whose volume holds the working folder. */
  claim: string;
  /** Where the volume is mounted. */
  mount: string;
  /** A Secret whose keys become environment variables, if there is one. */
  secret: string | undefined;
}

/** Ends of `scalequest run` that the same command would only meet again, or that left nothing to do: see docs/cli.md. */
const FINAL_EXIT_CODES = [2, 3, 6, 7, 8];

/**
 * Manifests that start the servers of a pipeline, a Deployment each kind, and the run, a Job. Both mount one volume in the place of
 * the folder that this command was typed in. Throws ERR_USAGE for files outside that folder.
 */
export function kubernetesManifests(
  run: ClusterRun,
  servers: readonly ClusterServers[],
  options: KubernetesOptions,
): string {
  const head = [
    '# Printed by `scalequest cluster kubernetes`. Copy the folder of the pipeline to the volume, then: kubectl apply -f THIS_FILE.',
    '# When the Job is complete, `kubectl delete -f THIS_FILE` frees the GPUs.',
  ].join('\n');
  const objects = [...servers.map((each) => deployment(run, each, options)), job(run, options)];
  const texts = objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }));
  return `${head}\n${texts.join('---\n')}`;
}

function deployment(run: ClusterRun, servers: ClusterServers, options: KubernetesOptions): object {
  const { models, folder, command, replicas = 1, gpusEach, apiKeyEnv, startTimeoutMs } = servers;
  const name = objectName(`${run.name}-${models[0]}`);
  const words = [
    ...[...run.scalequest, 'serve', insideVolume(run, folder, options), '--host', '$(POD_IP)'],
    ...['--start-timeout-ms', `${startTimeoutMs}`],
    ...(apiKeyEnv === undefined ? [] : ['--api-key-env', apiKeyEnv]),
    ...['--', ...command.map(podWord)],
  ];
  const container = {
    name: 'server',
    command: words,
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    ...(gpusEach > 0 ? { resources: { limits: { 'nvidia.com/gpu': gpusEach } } } : {}),
  };
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(container, options) },
    },
  };
}

function job(run: ClusterRun, options: KubernetesOptions): object {
  const container = {
    name: 'run',
    command: [
      ...[...run.scalequest, 'run', insideVolume(run, run.file, options), '--take-over'],
      ...run.args.map(podWord),
    ],
    resources: { requests: { cpu: 2, memory: '4Gi' } },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: objectName(run.name) },
    spec: {
      backoffLimit: 20,
      podFailurePolicy: {
        rules: [
          {
            action: 'FailJob',
            onExitCodes: { containerName: container.name, operator: 'In', values: FINAL_EXIT_CODES },
          },
        ],
      },
      template: { spec: { restartPolicy: 'Never', ...podSpec(container, options) } },
    },
  };
}

function podSpec(container: object, { image, claim, mount, secret }: KubernetesOptions): object {
  return {
    containers: [
      {
        ...container,
        image,
        workingDir: mount,
        ...(secret === undefined ? {} : { envFrom: [{ secretRef: { name: secret } }] }),
        volumeMounts: [{ name: 'work', mountPath: mount }],
      },
    ],
    volumes: [{ name: 'work', persistentVolumeClaim: { claimName: claim } }],
  };
}

/** The path of a file of the working folder in a pod. */
function insideVolume({ folder }: ClusterRun, path: string, { mount }: KubernetesOptions): string {
  return movedPath(path, folder, mount);
}

/** Kubernetes reads `$(NAME)` where a shell reads `${NAME}`, and takes `$$` for a dollar sign. */
function podWord(word: string): string {
  return word
    .split(/(\$\{\w+\})/)
    .map((part) => (/^\$\{\w+\}$/.test(part) ? `$(${part.slice(2, -1)})` : part.replaceAll('$(', '$$$$(')))
    .join('');
}

/** A DNS label: lower case letters, digits and hyphens, 63 at most. */
function objectName(name: string): string {
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63);
  return label.replaceAll(/^-+|-+$/g, '') || 'run';
}
