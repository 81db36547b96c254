import { hostname } from 'node:os';
import { ScaleQuestError } from '../../errors.js';
import { codeHash } from '../../io/files/codeHash.js';
import { packageVersion } from '../../io/files/packageFiles.js';
import { connectToCoordinator } from '../../workers/connect.js';
import { type SystemWorld, systemWorld } from '../systemWorld.js';
import { prepareWorker } from './prepareWorker.js';
import { tokenOf } from './tokenFile.js';
import { WORKER_TOKEN_VARIABLE } from './tokenVariable.js';
import { type WorkerState, runWorkerLoop } from './workerLoop.js';

export interface WorkerOptions {
  /** Where the run listens, as `http://10.0.0.5:7000`. */
  url: string;
  /** The token of the run; that of the environment if absent. */
  token?: string | undefined;
  signal: AbortSignal;
  onState?: (state: WorkerState) => void;
}

/** Does units of a run until all its rows are done, as `scalequest worker` does. Throws as `runWorkerLoop`. */
export async function openWorker(
  { url, token, signal, onState }: WorkerOptions,
  { env, clock }: Pick<SystemWorld, 'env' | 'clock'> = systemWorld(),
): Promise<void> {
  const hello = {
    url: urlOf(url),
    token: tokenOf(token ?? env[WORKER_TOKEN_VARIABLE]),
    code: codeHash(),
    version: packageVersion(),
    name: `${hostname()}/${process.pid}`,
    clock,
  };
  await runWorkerLoop({
    connect: () => connectToCoordinator(hello),
    prepare: (plan, replies) => prepareWorker(plan, replies, { env, signal }),
    ...{ clock, signal },
    ...(onState ? { onState } : {}),
  });
}

function urlOf(text: string): URL {
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return new URL(text);
  throw new ScaleQuestError(
    'ERR_USAGE',
    `found ${JSON.stringify(text)}, expected the address at which a run listens, as http://10.0.0.5:7000`,
  );
}
