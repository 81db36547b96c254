import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setMaxListeners } from 'node:events';
import { z } from 'zod';
import { systemClock } from '../../clock.js';
import { RowError, ScaleQuestError } from '../../errors.js';
import type { ExecuteRequest, Model, ModelStats, TestRun } from '../model.js';
import type { OpenDeps, OpenedModel, Protocol } from '../protocol.js';
import { SANDBOX_BACKOFF, SANDBOX_SLOTS_DEFAULT_MAX, SANDBOX_TRIES_MAX } from '../limits.js';
import { type Slots, createQueue } from '../pool/queue.js';
import { createStepUses } from '../server/tally.js';
import { type IsolateOptions, type TestedProgram, isolate } from './isolate.js';
import { SandboxFailure } from './report.js';
import { FILTERED_PROCESSORS } from './seccompFilter.js';

const bubblewrapOptions = z.strictObject({
  slots: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Programs that run at once; one a core if absent, at most 8.'),
  python: z
    .string()
    .regex(/^\//, 'expected the whole path of an interpreter, as /usr/bin/python3')
    .default('/usr/bin/python3')
    .describe('The interpreter. Outside /usr, the folder above its own is shown to programs too, read-only.'),
  packages: z
    .array(z.string().regex(/^\//, 'expected the whole path of a folder'))
    .default([])
    .describe(
      'Folders of packages that programs may import, as a virtual environment’s site-packages; they are read-only. Without ' +
        'any, a program has Python’s standard library.',
    ),
  processesMax: z
    .int()
    .min(1)
    .max(1024)
    .default(32)
    .describe('Most processes and threads that a program may have at a time.'),
  diskMiB: z
    .int()
    .min(1)
    .max(65_536)
    .default(64)
    .describe('Size of the folder /tmp of a program, in MiB. It lies in memory, and counts as such.'),
  outputKiBMax: z
    .int()
    .min(1)
    .max(65_536)
    .default(256)
    .describe('Most that a program may print for one input, in KiB; one that prints more has failed.'),
});

type BubblewrapOptions = z.output<typeof bubblewrapOptions>;

const CAN: Model['can'] = { preQuery: false, choose: false, score: false, embed: false, execute: true };

/** A sandbox on this machine: Linux namespaces by bubblewrap, the system's Python, limits. */
export const bubblewrap = {
  options: bubblewrapOptions,
  template: null,
  abilities: { execute: '' },
  describe: ({ slots: _, ...identity }) => ({
    can: CAN,
    identity: { bubblewrap: identity },
    ...{ files: [], contextTokens: undefined, servers: null, rawPrompts: null, scoresQuestions: false },
  }),
  open: (name, options, _template, deps) => openBubblewrap(name, options, deps),
  lacks: (options, env) => sandboxLack(options, env),
} satisfies Protocol<typeof bubblewrapOptions, null>;

/** Rejects with ERR_SANDBOX where no program can be isolated here. */
async function openBubblewrap(
  name: string,
  options: BubblewrapOptions,
  { env, clock }: OpenDeps,
): Promise<OpenedModel> {
  const label = `sandbox ${name}`;
  const lack = await sandboxLack(options, env);
  if (lack !== null) throw new ScaleQuestError('ERR_SANDBOX', `${label}: ${lack}`, { data: { model: name } });
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const queue = createQueue(countedSlots(options.slots ?? defaultSlots()));
  const counts = { requests: 0, retries: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  const uses = createStepUses();
  let trouble: string | undefined;

  /** Tries until the sandbox starts; the slot is free while it waits. */
  async function run(job: TestedProgram, { seq, step, record }: ExecuteRequest): Promise<TestRun[]> {
    for (let tries = 1; ; tries++) {
      if (record) record.tries += 1;
      try {
        const runs = await queue.run(seq, async () => {
          const startedMs = clock.nowMs();
          const isolated = isolate(job, options, { path: pathOf(env), clock, signal: closing.signal });
          return isolated.finally(() => uses.busy(clock.nowMs() - startedMs, step));
        });
        trouble = undefined;
        uses.answered({ promptTokens: 0, completionTokens: 0 }, step);
        return runs;
      } catch (error) {
        if (!(error instanceof SandboxFailure)) throw error;
        trouble = error.message;
        if (tries > SANDBOX_TRIES_MAX) throw lastFailure(label, error);
        counts.retries += 1;
        const waitMs = SANDBOX_BACKOFF.firstMs * 2 ** (tries - 1);
        await clock.sleep(Math.min(SANDBOX_BACKOFF.maxMs, waitMs), closing.signal);
      }
    }
  }

  return {
    ...{ label, name, can: CAN },
    async execute(request) {
      checkLanguage(label, request.language);
      const { program, tests, cpuSeconds, memoryMiB } = request;
      counts.requests += 1;
      try {
        return await run({ program, tests, cpuSeconds, memoryMiB }, request);
      } catch (error) {
        if (!closing.signal.aborted) counts.failures += 1;
        throw error;
      }
    },
    stats: (): ModelStats => ({
      ...{ ...counts, memoryPeakBytes: 0, inFlight: queue.inFlight, queued: queue.queued, trouble },
      ...uses.stats(),
    }),
    async close() {
      closing.abort(new ScaleQuestError('ERR_CANCELLED', `${label} was closed before the program ended`));
      queue.close();
    },
  };
}

function defaultSlots(): number {
  return Math.min(SANDBOX_SLOTS_DEFAULT_MAX, availableParallelism());
}

function countedSlots(most: number): Slots<true> {
  let taken = 0;
  return {
    find: () => (taken < most ? true : null),
    occupy() {
      taken += 1;
    },
    release() {
      taken -= 1;
    },
  };
}

function checkLanguage(label: string, language: string): void {
  if (language === 'python') return;
  throw new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `${label} runs Python, found the language ${language}; expected a model of kind sandboxFusion for it`,
  );
}

/** A busy machine costs the row; without a sandbox nothing can be run. */
function lastFailure(label: string, { message, isBusy }: SandboxFailure): Error {
  if (isBusy) {
    const advice = 'the machine had no time for it in several tries; lower `slots`, or run it again later';
    return new RowError('ROW_TIMEOUT', `${label}: ${message}; ${advice}`, { mayDiffer: true });
  }
  return new ScaleQuestError(
    'ERR_SANDBOX',
    `${label} could not be started in ${SANDBOX_TRIES_MAX + 1} tries: ${message}; no program is run outside of it. ${adviceFor(message)}`,
  );
}

function pathOf(env: OpenDeps['env']): string {
  return env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
}

const INSTALL =
  'Install it: apt-get install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora), or name a server: sandboxFusion';

const PROBE: TestedProgram = {
  program: 'def two():\n    return 2',
  tests: { kind: 'asserts', asserts: ['assert two() == 2'] },
  cpuSeconds: 10,
  memoryMiB: 256,
};

/** What keeps programs from being isolated here, with what to do; null if nothing does. It runs a program of two lines. */
export async function sandboxLack(options: IsolateOptions, env: OpenDeps['env']): Promise<string | null> {
  if (process.platform !== 'linux')
    return `bubblewrap needs Linux, found ${process.platform}; name a server: sandboxFusion`;
  if (!FILTERED_PROCESSORS.includes(process.arch))
    return `bubblewrap is used on ${FILTERED_PROCESSORS.join(' and ')}, found ${process.arch}; name a server: sandboxFusion`;
  try {
    const { signal } = new AbortController();
    const [run] = await isolate(PROBE, options, { path: pathOf(env), clock: systemClock, signal });
    return run!.isOk ? null : `a program of two lines failed in bubblewrap: ${run!.text}`;
  } catch (error) {
    if (!(error instanceof SandboxFailure)) throw error;
    return `no program can be isolated here: ${error.message}. ${adviceFor(error.message)}`;
  }
}

function adviceFor(message: string): string {
  if (message.includes('not installed')) return INSTALL;
  if (/namespace|uid map|permitted|permission|No space left/i.test(message)) return namespaceAdvice();
  if (/execvp/.test(message)) return 'Name the interpreter in `python`, as /usr/bin/python3, or install it';
  if (/unknown option|Unknown option/.test(message)) return 'bubblewrap 0.7 or newer is needed';
  return 'See whether `bwrap --unshare-all --ro-bind / / true` works in a shell';
}

/** Settings of the kernel that keep users from namespaces of their own, and the value that does. */
const SETTINGS = [
  ['kernel.unprivileged_userns_clone', '0', '1'],
  ['user.max_user_namespaces', '0', '10000'],
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
] as const;

function namespaceAdvice(): string {
  const off = SETTINGS.find(([name, value]) => settingOf(name) === value);
  if (off) {
    const [name, value, needed] = off;
    return `User namespaces are off: ${name} is ${value}. As root: sysctl -w ${name}=${needed}`;
  }
  return (
    'User namespaces are off, as in most containers: start the container with --security-opt seccomp=unconfined ' +
    '--security-opt apparmor=unconfined --security-opt systempaths=unconfined, or name a server: sandboxFusion'
  );
}

function settingOf(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
