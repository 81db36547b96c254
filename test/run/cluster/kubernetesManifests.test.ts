import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { ClusterServers } from '../../../src/run/cluster/clusterServers.js';
import { kubernetesManifests } from '../../../src/run/cluster/kubernetesManifests.js';

const RUN = {
  ...{ name: 'My set, no. 1', file: '/home/me/project/sets/set.yaml', folder: '/home/me/project' },
  ...{ args: ['--set', 'limit=3'], scalequest: ['npx', 'scalequest'] },
};
const SERVERS: ClusterServers = {
  ...{ models: ['solver'], folder: '/home/me/project/sets/servers', replicas: 4, gpusEach: 2 },
  ...{ command: ['vllm', '--key=${TOKEN}', '$(id)', '{port}'], apiKeyEnv: 'KEY', startTimeoutMs: 5000 },
};
const OPTIONS = { image: 'my/image', claim: 'work', mount: '/work/', secret: 'keys' };

/** The fields of Kubernetes' objects that are looked at. */
interface Found {
  kind: string;
  metadata: { name: string };
  spec: {
    replicas: number;
    selector: { matchLabels: object };
    podFailurePolicy: { rules: { onExitCodes: { containerName: string; values: number[] } }[] };
    template: { metadata: { labels: object }; spec: Pod };
  };
}

interface Pod {
  restartPolicy: string;
  volumes: { name: string; persistentVolumeClaim: { claimName: string } }[];
  containers: {
    name: string;
    image: string;
    command: string[];
    workingDir: string;
    env: object[];
    envFrom: object[];
    resources: { limits: object };
    volumeMounts: { name: string; mountPath: string }[];
  }[];
}

function manifests(
  servers = [SERVERS],
  run = RUN,
  options: Parameters<typeof kubernetesManifests>[2] = OPTIONS,
) {
  const documents = parseAllDocuments(kubernetesManifests(run, servers, options));
  return documents.map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS() as Found;
  });
}

test('a Deployment each kind of server, and a Job for the run, on one volume', () => {
  const [deployment, job, ...others] = manifests();
  assert.equal(others.length, 0);
  assert.deepEqual([deployment!.kind, job!.kind], ['Deployment', 'Job']);
  assert.deepEqual([deployment!.metadata.name, job!.metadata.name], ['my-set-no-1-solver', 'my-set-no-1']);
  assert.equal(deployment!.spec.replicas, 4);
  assert.deepEqual(deployment!.spec.selector.matchLabels, deployment!.spec.template.metadata.labels);
  for (const { spec } of [deployment!, job!]) {
    const { volumes, containers } = spec.template.spec;
    const [container] = containers;
    assert.equal(volumes[0]!.persistentVolumeClaim.claimName, 'work');
    assert.deepEqual(container!.volumeMounts, [{ name: volumes[0]!.name, mountPath: '/work/' }]);
    assert.deepEqual([container!.image, container!.workingDir], ['my/image', '/work/']);
    assert.deepEqual(container!.envFrom, [{ secretRef: { name: 'keys' } }]);
  }
});

test('the servers list themselves under the address of their pod; variables are read by Kubernetes', () => {
  const [server] = manifests()[0]!.spec.template.spec.containers;
  assert.deepEqual(server!.command, [
    ...[
      'npx',
      'scalequest',
      'serve',
      '/work/sets/servers',
      '--host',
      '$(POD_IP)',
      '--start-timeout-ms',
      '5000',
    ],
    ...['--api-key-env', 'KEY', '--', 'vllm', '--key=$(TOKEN)', '$$(id)', '{port}'],
  ]);
  assert.deepEqual(server!.resources.limits, { 'nvidia.com/gpu': 2 });
  assert.deepEqual(server!.env, [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }]);
});

test('the run takes over from the pod before, and is not tried again where that changes nothing', () => {
  const { spec } = manifests()[1]!;
  const pod = spec.template.spec;
  assert.deepEqual(pod.containers[0]!.command, [
    ...['npx', 'scalequest', 'run', '/work/sets/set.yaml', '--take-over', '--set', 'limit=3'],
  ]);
  assert.equal(pod.restartPolicy, 'Never', 'podFailurePolicy allows no other');
  const { onExitCodes } = spec.podFailurePolicy.rules[0]!;
  assert.equal(onExitCodes.containerName, pod.containers[0]!.name);
  assert.deepEqual(onExitCodes.values, [2, 3, 6, 7, 8]);
});

test('files outside of the folder that is copied are refused', () => {
  for (const [run, servers] of [
    [{ ...RUN, file: '/home/me/set.yaml' }, SERVERS],
    [RUN, { ...SERVERS, folder: '/servers' }],
  ] as const)
    assert.throws(() => manifests([servers], run), {
      code: 'ERR_USAGE',
      message: /outside of \/home\/me\/project/,
    });
});
