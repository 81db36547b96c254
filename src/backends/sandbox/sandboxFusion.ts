import { z } from 'zod';
import { RowError, ScaleQuestError, allOfRow } from '../../errors.js';
import type { ExecuteRequest, Model, TestRun } from '../model.js';
import type { OpenedModel, Protocol } from '../protocol.js';
import { TryFailure } from '../http/tryFailure.js';
import { loadServerClient } from '../server/loadServerClient.js';
import type { ReadReply, ServerDeps } from '../server/serverClient.js';
import { type Speaks, parseReply } from '../server/readServerReply.js';
import { serverWords } from '../server/serverError.js';
import { checkServers, describeServed, listedOptions, loadOptions } from '../server/serverOptions.js';
import type { Usage } from '../server/tally.js';
import { judgeText } from './judge.js';
import { SandboxFailure, createReport, runsOf } from './report.js';

const { serve: _, slots: _slots, tokensPerMinute: _t, ...sandboxLoadOptions } = loadOptions;
const { model: _m, ...addresses } = listedOptions('/run_code');

/**
 * Sandboxes behind the server of SandboxFusion (ByteDance).
 *
 * Protocol (sandbox/server/sandbox_api.py of bytedance/SandboxFusion): POST /run_code with `{ code, language, stdin, compile_timeout,
 * run_timeout, memory_limit_MB }`; answered with status 200 and `{ status: Success | Failed | SandboxError, message, compile_result,
 * run_result: { status: Finished | Error | TimeLimitExceeded, return_code, stdout, stderr } }`.
 */
const sandboxFusionOptions = z
  .strictObject({
    ...addresses,
    slots: z.int().min(1).max(4096).default(8).describe('Programs that one server runs at once.'),
    outputKiBMax: z
      .int()
      .min(1)
      .max(65_536)
      .default(256)
      .describe('Most that a program may print for one input, in KiB; one that prints more has failed.'),
    ...sandboxLoadOptions,
  })
  .superRefine(checkServers);

type SandboxFusionOptions = z.output<typeof sandboxFusionOptions>;

const CAN: Model['can'] = { preQuery: false, choose: false, score: false, embed: false, execute: true };

const SPEAKS: Speaks = { protocol: 'SandboxFusion', base: 'the root of its server', besideV1: true };

/** What its servers are called in messages, which name a model beside the server. */
const NAME = 'SandboxFusion';

export const sandboxFusion = {
  options: sandboxFusionOptions,
  template: null,
  abilities: { execute: '' },
  describe(options) {
    const { outputKiBMax } = options;
    const described = describeServed({ ...options, model: NAME, serve: undefined });
    return { ...described, can: CAN, identity: { sandboxFusion: { outputKiBMax } } };
  },
  open: (name, options, _template, deps) => openSandboxFusion(name, options, deps),
} satisfies Protocol<typeof sandboxFusionOptions, null>;

/** The server counts seconds by the clock, not of CPU. */
const WALL_FACTOR = 3;
const COMPILE_SECONDS = 60;

async function openSandboxFusion(
  name: string,
  options: SandboxFusionOptions,
  deps: ServerDeps,
): Promise<OpenedModel> {
  const { createServerClient } = await loadServerClient();
  const client = await createServerClient(name, { ...options, model: NAME }, SPEAKS, deps);
  const { label, stats, close } = client;

  function send<T>(request: ExecuteRequest, body: object, read: (run: RunCode) => T): Promise<T> {
    const { seq, language, cpuSeconds, memoryMiB, step, record } = request;
    const limits = {
      run_timeout: WALL_FACTOR * cpuSeconds,
      compile_timeout: COMPILE_SECONDS,
      memory_limit_MB: memoryMiB,
    };
    const about = { sequences: 1, step, record };
    const sent = client.send(seq, '/run_code', { language, ...limits, ...body }, readRun(read), about);
    return sent.then(({ value }) => value);
  }

  async function execute(request: ExecuteRequest): Promise<TestRun[]> {
    const { tests, program, language } = request;
    if (tests.kind === 'inputs') {
      const bytesMax = options.outputKiBMax * 2 ** 10;
      const runs = tests.inputs.map((stdin) =>
        send(request, { code: program, stdin }, (run) => runOf(run, bytesMax)),
      );
      return allOfRow(runs);
    }
    if (language !== 'python') {
      throw new ScaleQuestError(
        'ERR_PIPELINE_MODEL',
        `${label}: asserts are run in Python, found the language ${language}; give its tests as inputs and outputs`,
      );
    }
    const { asserts } = tests;
    if (asserts.length === 0) return [];
    const body = { code: judgeCode(), stdin: jobText(request, asserts, options) };
    return send(request, body, (run) => judged(run, asserts.length));
  }

  return { label, name, can: CAN, execute, stats, close };
}

/** The same judge as in our own sandbox; what keeps the program from its memory there is up to the server. */
function judgeCode(): string {
  return `import sys\nsys.argv = ['judge', 'asserts']\n${judgeText()}`;
}

function jobText(
  { program, cpuSeconds, memoryMiB }: ExecuteRequest,
  asserts: readonly string[],
  { outputKiBMax }: SandboxFusionOptions,
): string {
  const limits = {
    cpuSeconds,
    wallSeconds: WALL_FACTOR * cpuSeconds,
    memoryBytes: memoryMiB * 2 ** 20,
    fileBytes: 2 ** 26,
    outputBytes: outputKiBMax * 2 ** 10,
    processesMax: 32,
    packages: [],
  };
  return JSON.stringify({ reportFd: 1, alone: false, limits, program, asserts });
}

const commandResult = z
  .object({
    status: z.enum(['Finished', 'Error', 'TimeLimitExceeded']),
    return_code: z.int().nullish(),
    stdout: z.string().nullish(),
    stderr: z.string().nullish(),
  })
  .nullish();

const runCodeReply = z.object({
  status: z.enum(['Success', 'Failed', 'SandboxError']),
  message: z.string().nullish(),
  compile_result: commandResult,
  run_result: commandResult,
});

type RunCode = z.output<typeof runCodeReply>;

/** A fault of the sandbox is the server's: it is asked again. */
function readRun<T>(read: (run: RunCode) => T): ReadReply<Usage & { value: T }> {
  return (reply, context) => {
    const run = parseReply(reply, runCodeReply, 'status and run_result', context);
    if (run.status === 'SandboxError') {
      const said = serverWords(run.message ?? '', context.apiKey, 200);
      throw new TryFailure('server', `${context.label}: its sandbox failed: ${said}`);
    }
    try {
      return { promptTokens: 0, completionTokens: 0, value: read(run) };
    } catch (error) {
      if (!(error instanceof SandboxFailure)) throw error;
      throw new TryFailure('server', `${context.label}: ${error.message}`);
    }
  };
}

function runOf({ compile_result: compiled, run_result: run }: RunCode, bytesMax: number): TestRun {
  if (compiled && (compiled.status !== 'Finished' || (compiled.return_code ?? 0) !== 0))
    return { isOk: false, text: `the program cannot be compiled: ${lastLine(compiled.stderr)}` };
  if (!run) return { isOk: false, text: 'the program was not run' };
  if (run.status === 'TimeLimitExceeded') return { isOk: false, text: 'the program was not done in time' };
  const code = run.return_code ?? 0;
  if (code !== 0)
    return { isOk: false, text: `the program ended itself with code ${code}: ${lastLine(run.stderr)}` };
  const stdout = run.stdout ?? '';
  if (Buffer.byteLength(stdout) > bytesMax)
    return { isOk: false, text: `the program wrote more than ${bytesMax / 2 ** 10} KiB` };
  return { isOk: true, text: stdout };
}

function judged({ run_result: run }: RunCode, count: number): TestRun[] {
  const report = createReport();
  report.add(run?.stdout ?? '');
  // The judge itself is known to work; what keeps it from its first line is the server's affair.
  if (!report.isReady && report.broken === undefined)
    throw new RowError('ROW_SERVER_ERROR', `the judge of programs did not start: ${lastLine(run?.stderr)}`, {
      mayDiffer: true,
    });
  return runsOf(report, count);
}

function lastLine(text: string | null | undefined): string {
  return (text ?? '').trim().split('\n').at(-1)!.slice(0, 300);
}
