import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { hashBytes } from '../../io/files/atomicFile.js';
import { PACKAGE_FOLDER } from '../../io/files/packageFiles.js';
import { hashOf } from '../../pipeline/hash.js';
import { type JobsApi, type RayJob, openJobsApi } from '../../ray/jobsApi.js';
import { jobHeaders } from '../../ray/jobHeaders.js';
import { type PipelineOptions, overridesFrom, planPipeline } from '../plan/planPipeline.js';
import { type SystemWorld, packageVersion, systemWorld } from '../systemWorld.js';
import { type FollowEvent, followJob, isOver } from './followJob.js';
import { type RayPlan, rayPlanOf, runKeyOf } from './rayPlan.js';
import { shellWord } from './slurmScript.js';

/** Where and how a run goes on a Ray cluster. */
export type RayOptions = PipelineOptions & {
  /** The address of the dashboard, as `http://head:8265`. */
  on: string;
  /** The folder that the command is typed in; absolute. */
  folder: string;
  /** Where the nodes see that folder, if not at the same path. */
  clusterFolder: string | undefined;
  out: string | undefined;
  /** The words that start scalequest on the nodes. */
  scalequest: readonly string[];
  /** The words that start the Python of the cluster. */
  python: readonly string[];
  /** Names of variables that are handed on to the job. */
  env: readonly string[];
  /** Stop the job of this run, in place of starting one. */
  stop: boolean;
  /** Submit, and follow nothing. */
  detach: boolean;
  /** Stops following; the job goes on. */
  signal: AbortSignal;
  onEvent(event: RayEvent): void;
};

export type RayEvent = { event: 'submitted' | 'joined' | 'stopping'; job: string; ray: string } | FollowEvent;

/** How the job ended. Null where it was left to go on. */
export type RayOutcome = { job: string; status: RayJob['status']; exitCode: number | null } | null;

/** The word in a job's metadata under which it is found again. */
const RUN_KEY = 'scalequest_run';
const PLAN_KEY = 'scalequest_plan';
/** A run commits and ends within 8 s of SIGTERM, then its servers leave their list and end. Ray allows 3 s by itself. */
const STOP_S = 40;

/**
 * Submits a run to a Ray cluster and follows it to its end. Where the same run is there already, it is followed, and none is
 * started beside it. Everything that can be is checked before the first request.
 *
 * @throws PipelineProblems for a file with mistakes; ERR_USAGE; ERR_PIPELINE_MODEL; ERR_CLUSTER_… for what the cluster says.
 */
export async function runOnRay(
  file: string,
  options: RayOptions,
  world: Pick<SystemWorld, 'env' | 'clock'> = systemWorld(),
): Promise<RayOutcome> {
  const address = addressOf(options.on);
  const env = pickEnv(options.env, world.env);
  const plan = await placed(file, options, world);
  const jobs = openJobsApi({ address, headers: jobHeaders(world.env), clock: world.clock });
  const ray = await jobs.version();
  const key = runKeyOf(plan);
  const running = (await jobs.list()).find((job) => job.id !== null && isOf(job, key) && !isOver(job));
  if (options.stop) return stopJob(running, ray, jobs, options, world);
  if (running) return joinJob(running, ray, plan, jobs, options, world);
  const id = `scalequest-${key.slice(0, 6)}-${Math.floor(world.clock.nowMs()).toString(36)}`;
  await submit(jobs, id, key, plan, env, options);
  options.onEvent({ event: 'submitted', job: id, ray });
  return follow(id, jobs, options, world);
}

/** What the cluster is to start, of a pipeline file that was checked here. */
async function placed(file: string, options: RayOptions, world: Pick<SystemWorld, 'env'>): Promise<RayPlan> {
  const { folder, scalequest, out, clusterFolder = folder } = options;
  if (!clusterFolder.startsWith('/'))
    throw new ScaleQuestError(
      'ERR_USAGE',
      `found --folder ${clusterFolder}, expected an absolute path on the nodes, as /shared/project`,
    );
  const plan = await planPipeline(file, options, world);
  const sha256 = hashBytes(readFileSync(resolve(folder, file)));
  const args = overridesFrom(options).flatMap(({ path, value }) => ['--set', `${path.join('.')}=${value}`]);
  const placement = {
    ...{ folder, clusterFolder, scalequest, args, out, sha256 },
    version: packageVersion(),
  };
  return rayPlanOf({ ...plan, file: resolve(folder, file) }, placement);
}

async function submit(
  jobs: JobsApi,
  id: string,
  key: string,
  plan: RayPlan,
  env: Record<string, string>,
  { python }: RayOptions,
): Promise<void> {
  const driver = readFileSync(join(PACKAGE_FOLDER, 'src', 'run', 'cluster', 'rayDriver.py'), 'utf8');
  const start = 'import os; exec(compile(os.environ["SCALEQUEST_RAY_DRIVER"], "rayDriver.py", "exec"))';
  const request = {
    id,
    entrypoint: [...python, '-c', start].map(shellWord).join(' '),
    env: {
      SCALEQUEST_RAY_DRIVER: driver,
      SCALEQUEST_RAY_PLAN: JSON.stringify({ ...plan, job: id }),
      RAY_JOB_STOP_WAIT_TIME_S: String(STOP_S),
      // Ray leaves out lines that look alike.
      RAY_DEDUP_LOGS: '0',
      RAY_COLOR_PREFIX: '0',
      ...env,
    },
    metadata: { [RUN_KEY]: key, [PLAN_KEY]: hashOf(plan).slice(0, 16) },
  };
  try {
    await jobs.submit(request);
  } catch (error) {
    // The reply may have been lost, and not the request.
    if (!(error instanceof ScaleQuestError) || error.code !== 'ERR_CLUSTER_UNREACHABLE') throw error;
    if ((await jobs.job(id).catch(() => null)) === null) throw error;
  }
}

async function stopJob(
  running: RayJob | undefined,
  ray: string,
  jobs: JobsApi,
  options: RayOptions,
  world: Pick<SystemWorld, 'clock'>,
): Promise<RayOutcome> {
  if (running === undefined)
    throw new ScaleQuestError(
      'ERR_CLUSTER_JOB',
      `${options.on}: found no job of this run that waits or runs, expected one to stop: same file, folder and --out`,
    );
  options.onEvent({ event: 'stopping', job: running.id!, ray });
  await jobs.stop(running.id!);
  return follow(running.id!, jobs, options, world);
}

/** The same command comes back to its job. Another file or other settings would not do what they say. */
async function joinJob(
  running: RayJob,
  ray: string,
  plan: RayPlan,
  jobs: JobsApi,
  options: RayOptions,
  world: Pick<SystemWorld, 'clock'>,
): Promise<RayOutcome> {
  if (running.metadata[PLAN_KEY] !== hashOf(plan).slice(0, 16))
    throw new ScaleQuestError(
      'ERR_CLUSTER_JOB',
      `${options.on}: found that job ${running.id} runs this file with another text or other settings, expected the same; ` +
        'stop it first, with the same command and --stop',
    );
  options.onEvent({ event: 'joined', job: running.id!, ray });
  return follow(running.id!, jobs, options, world);
}

async function follow(
  id: string,
  jobs: JobsApi,
  { detach, signal, onEvent }: RayOptions,
  { clock }: Pick<SystemWorld, 'clock'>,
): Promise<RayOutcome> {
  if (detach) return null;
  const job = await followJob(id, { jobs, clock, signal, onEvent });
  return job && { job: id, status: job.status, exitCode: job.exitCode };
}

const isOf = ({ metadata }: RayJob, key: string): boolean => metadata[RUN_KEY] === key;

function addressOf(on: string): string {
  const url = URL.canParse(on) ? new URL(on) : null;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (isHttp && !url.username && !url.password && !url.search && !url.hash) return url.href;
  throw new ScaleQuestError(
    'ERR_USAGE',
    'found in --on what is no address of a dashboard, expected http:// or https:// with host and port and without user ' +
      'or query, as http://head:8265; ray:// is the address of another service',
  );
}

function pickEnv(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = env[name];
      if (value !== undefined) return [name, value];
      throw new ScaleQuestError(
        'ERR_USAGE',
        `found no environment variable ${name}, which --env names; set it`,
      );
    }),
  );
}
