// CPU of a program in the `bubblewrap` sandbox, with all of its processes, beside Python's own start outside of it, by turns.
// npm run bench:sandbox [-- --programs=40] [--rounds=5]
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openModel } from '../../src/backends/openModel.js';
import { flag, spread, wordFlag } from '../figures.js';

/** More would only take longer. */
const PROGRAMS_MAX = 1000;
const ROUNDS_MAX = 50;
const programs = Math.min(PROGRAMS_MAX, flag('programs', 40));
const rounds = Math.min(ROUNDS_MAX, flag('rounds', 5));
const run = promisify(execFile);

const PROGRAM = 'def double(x):\n    return 2 * x\n';
const ASSERTS = ['assert double(2) == 4', 'assert double(0) == 0', 'assert double(-1) == -2'];

/**
 * Runs a command and prints the CPU seconds of all its processes. A sandbox is ended from outside, and its processes then are nobody's
 * children: this one takes them over (PR_SET_CHILD_SUBREAPER, prctl(2)), so that none goes uncounted.
 */
const COUNTED = `
import ctypes, os, resource, sys
if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) != 0: sys.exit('no subreaper')
os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
try:
    while True: os.wait()
except ChildProcessError:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(used.ru_utime + used.ru_stime)
`;

type Work = () => Promise<unknown>;

/** What a process of this bench does for each program. */
const ARMS: Record<string, () => Promise<{ work: Work; close: Work }>> = {
  async sandbox() {
    const deps = { env: process.env, folder: '.' };
    const model = await openModel('sandbox', { bubblewrap: { slots: 1 } }, deps);
    const tests = { kind: 'asserts', asserts: ASSERTS } as const;
    const ask = { seq: 0, language: 'python', program: PROGRAM, tests, cpuSeconds: 10, memoryMiB: 256 };
    const work = async (): Promise<void> => {
      const runs = await model.execute(ask);
      if (!runs.every(({ isOk }) => isOk)) throw new Error(`a test failed: ${JSON.stringify(runs)}`);
    };
    return { work, close: () => model.close() };
  },
  async python() {
    const work = (): Promise<unknown> => run('python3', ['-I', '-c', `${PROGRAM}${ASSERTS.join('\n')}`]);
    return { work, close: async () => undefined };
  },
};

async function runArm(name: string): Promise<void> {
  const { work, close } = await ARMS[name]!();
  for (let done = 0; done < programs; done++) await work();
  await close();
}

async function cpuMsOf(arm: string, count: number): Promise<number> {
  const self = [process.execPath, fileURLToPath(import.meta.url), `--arm=${arm}`, `--programs=${count}`];
  const { stdout } = await run('python3', ['-I', '-c', COUNTED, ...self]);
  return Number(stdout) * 1000;
}

/** Without what the process takes that runs none. */
async function cpuMsEach(arm: string): Promise<number> {
  const none = await cpuMsOf(arm, 0);
  return ((await cpuMsOf(arm, programs)) - none) / programs;
}

async function compare(): Promise<void> {
  const figures: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const arm of Object.keys(ARMS)) (figures[arm] ??= []).push(await cpuMsEach(arm));
  }
  console.log(
    `${programs} programs of 3 asserts, ${rounds} rounds by turns; ms of CPU each, median and range`,
  );
  for (const [arm, ms] of Object.entries(figures)) console.log(`${arm.padEnd(8)} ${spread(ms, 1)}`);
}

const arm = wordFlag('arm');
await (arm === undefined ? compare() : runArm(arm));
