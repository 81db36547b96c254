import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../clock.js';
import { ScaleQuestError } from '../../errors.js';
import type { ProgramTests, TestRun } from '../model.js';
import { STDERR_TAIL_CHARS } from '../limits.js';
import { judgeText } from './judge.js';
import { type JudgeReport, SandboxFailure, createReport, runsOf } from './report.js';
import { seccompFilter } from './seccompFilter.js';

/** Runs one program with its tests in a sandbox of bubblewrap. */

export interface IsolateOptions {
  /** The interpreter. */
  python: string;
  /** Folders of packages that programs may import. */
  packages: readonly string[];
  processesMax: number;
  diskMiB: number;
  outputKiBMax: number;
}

export interface TestedProgram {
  program: string;
  tests: ProgramTests;
  cpuSeconds: number;
  memoryMiB: number;
}

export interface IsolateDeps {
  /** The folders in which `bwrap` is looked for, as in the variable PATH. */
  path: string;
  clock: Clock;
  signal: AbortSignal;
}

/** How many times its CPU time a program may last, of what the machine gave it. */
const WALL_FACTOR = 3;
/** The judge waits twice as long for a program that does not get its time; then it is the judge that does not answer. */
const SILENCE_FACTOR = 2;
const SILENCE_MORE_MS = 30_000;

/** As root, what runs would count as root for the kernel, which then limits no processes: `nobody`. */
const NOBODY = 65_534;

/** Resolves with what became of each test. Rejects with a SandboxFailure, or with the reason of the signal. */
export async function isolate(
  job: TestedProgram,
  options: IsolateOptions,
  deps: IsolateDeps,
): Promise<TestRun[]> {
  deps.signal.throwIfAborted();
  const count = job.tests.kind === 'asserts' ? job.tests.asserts.length : job.tests.inputs.length;
  if (count === 0) return [];
  const child = start(job, options, deps.path);
  const silenceMs = SILENCE_FACTOR * WALL_FACTOR * job.cpuSeconds * 1000 + SILENCE_MORE_MS;
  const { report, words } = await follow(child, deps, silenceMs);
  if (!report.isReady) throw new SandboxFailure(words || 'it ended before it was ready', false);
  return runsOf(report, count);
}

function start(job: TestedProgram, options: IsolateOptions, path: string): ChildProcess {
  const isRoot = process.getuid?.() === 0;
  const mode = job.tests.kind;
  const bwrap = findProgram('bwrap', path);
  if (bwrap === null) throw new SandboxFailure('bwrap is not installed', false);
  const child = spawn(bwrap, [...sandboxArguments(options), judgeText(), mode], {
    cwd: '/',
    // The sandbox's first process keeps what it is started with, for all in it to read.
    env: {},
    stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'],
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  // What is not read any more because the process ended is told by its end.
  for (const pipe of [child.stdin, child.stdio[4]]) pipe?.on('error', () => {});
  (child.stdio[4] as NodeJS.WritableStream | null)?.end(filterHere());
  child.stdin?.end(jobText(job, options));
  return child;
}

/** The program's path; null if no folder of the list has it. */
function findProgram(name: string, path: string): string | null {
  const candidates = path.split(':').map((folder) => join(folder, name));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function filterHere(): Buffer {
  const filter = seccompFilter(process.arch);
  if (filter) return filter;
  throw new ScaleQuestError(
    'ERR_SANDBOX',
    `found a processor of kind ${process.arch}, expected x64 or arm64; use a sandboxFusion server`,
  );
}

function sandboxArguments({ python, packages, diskMiB }: IsolateOptions): string[] {
  const own = python.startsWith('/usr/') ? [] : [dirname(dirname(python))];
  const folders = [...own, ...packages].flatMap((folder) => ['--ro-bind', folder, folder]);
  const disk = ['--size', String(diskMiB * 2 ** 20)];
  return [
    ...['--unshare-all', '--clearenv', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--hostname', 'sandbox', '--seccomp', '4'],
    // Sets of texts have the same order each time.
    ...['--setenv', 'PYTHONHASHSEED', '0', '--setenv', 'PYTHONUTF8', '1', '--setenv', 'HOME', '/tmp'],
    ...['--setenv', 'PATH', '/usr/bin:/bin', '--ro-bind', '/usr', '/usr'],
    ...['/bin', '/lib', '/lib64'].flatMap((folder) => ['--ro-bind-try', folder, folder]),
    ...folders,
    ...['--proc', '/proc', '--dev', '/dev', '--remount-ro', '/dev'],
    ...[...disk, '--tmpfs', '/tmp', '--chdir', '/tmp', '--remount-ro', '/'],
    ...['--', python, '-S', '-s', '-B', '-c'],
  ];
}

function jobText({ program, tests, cpuSeconds, memoryMiB }: TestedProgram, options: IsolateOptions): string {
  const limits = {
    cpuSeconds,
    wallSeconds: WALL_FACTOR * cpuSeconds,
    memoryBytes: memoryMiB * 2 ** 20,
    fileBytes: options.diskMiB * 2 ** 20,
    outputBytes: options.outputKiBMax * 2 ** 10,
    processesMax: options.processesMax,
    packages: options.packages,
  };
  const { kind: _, ...given } = tests;
  return JSON.stringify({ reportFd: 3, alone: true, limits, program, ...given });
}

interface Followed {
  report: JudgeReport;
  /** The last of what the sandbox said of itself. */
  words: string;
}

/** Resolves when all processes of the sandbox are gone. */
function follow(child: ChildProcess, { signal, clock }: IsolateDeps, silenceMs: number): Promise<Followed> {
  return new Promise((resolve, reject) => {
    const report = createReport();
    let words = '';
    const kill = (): void => void child.kill('SIGKILL');
    const ended = new AbortController();
    let heardMs = clock.nowMs();
    void killWhenSilent();
    signal.addEventListener('abort', kill);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-STDERR_TAIL_CHARS);
    });
    (child.stdio[3] as NodeJS.ReadableStream).setEncoding('latin1').on('data', (text: string) => {
      heardMs = clock.nowMs();
      report.add(text);
    });
    child.on('error', (error) => {
      words = error.message;
      if (child.pid === undefined) end();
    });
    child.on('close', end);

    /** A program can stop its judge, and say no more. */
    async function killWhenSilent(): Promise<void> {
      const leftMs = (): number => heardMs + silenceMs - clock.nowMs();
      while (leftMs() > 0 && !ended.signal.aborted) await clock.sleep(leftMs(), ended.signal).catch(() => {});
      if (!ended.signal.aborted) kill();
    }

    function end(): void {
      ended.abort();
      signal.removeEventListener('abort', kill);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve({ report, words: words.trim() });
    }
  });
}
