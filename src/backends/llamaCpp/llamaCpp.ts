import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { RowError, ScaleQuestError } from '../../errors.js';
import { GGUF_HEADER_BYTES, ggufFault } from './ggufHeader.js';
import type { CallRecord, ChooseRequest, CompleteRequest, Model, ModelStats, ReplyStream } from '../model.js';
import { pieceTeller } from '../pieceTeller.js';
import type { SchemaHold } from '../heldSchema.js';
import type { OpenDeps, OpenedModel, Protocol } from '../protocol.js';
import { CHOOSES_PER_PROCESS_MAX, ENGINE_PROCESSES_DEFAULT_MAX, STDERR_TAIL_CHARS } from '../limits.js';
import { promptTokensMax } from '../allowance.js';
import { type Usage, createStepUses } from '../server/tally.js';
import { childEnvironment } from '../../process/childEnvironment.js';
import type { ChooseJob, CompleteJob, EngineOptions, FromEngine, GgufTokenizer, Job } from './messages.js';
import { ENGINE_MISSING, ENGINE_PACKAGE } from './enginePackage.js';
import { type Queue, type Slots, createQueue } from '../pool/queue.js';
import {
  type Template,
  type TemplateConfig,
  resolveTemplate,
  templateSchema,
} from '../templates/template.js';
import { ggufTemplate } from './ggufTemplate.js';
import { grammarSchema } from './grammarSchema.js';

const llamaCppOptions = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('The model, a GGUF file; a relative path starts at the pipeline file’s folder.'),
  processes: z
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe('Engine processes, one thread each; one a core if absent, at most 4. One is right with a GPU.'),
  sequences: z.int().min(1).max(256).default(16).describe('Completions that one process runs at once.'),
  contextTokens: z
    .int()
    .min(64)
    .optional()
    .describe(
      'Longest prompt and completion together, in tokens; what the model was trained for, at most 4,096, if absent.',
    ),
  schemas: z
    .enum(['grammar', 'none'])
    .default('grammar')
    .describe(
      'Whether a grammar holds replies to the JSON Schema of steps that want one (`prompt` with `json`, judges). With `none`, as for a ' +
        'model that thinks in its text before it answers, replies are checked alone.',
    ),
  gpu: z
    .boolean()
    .default(false)
    .describe(
      'Use a GPU build of the engine where one is installed: see docs/models.md. Replies then may vary by a rounding.',
    ),
});

type LlamaCppOptions = z.output<typeof llamaCppOptions>;

const CAN: Model['can'] = { preQuery: true, choose: true, score: false, embed: false };

/** Without one, the GGUF file's own counts. */
const ownTemplate = templateSchema
  .optional()
  .describe(`${templateSchema.description} If absent, it is that of the GGUF file.`);

/** A GGUF model in engine processes of our own. */
export const llamaCpp = {
  options: llamaCppOptions,
  template: ownTemplate,
  abilities: { preQuery: '', complete: '', choose: '' },
  describe: ({ path, contextTokens, gpu, schemas }) => ({
    can: CAN,
    // Processes and sequences only decide how fast the replies come.
    identity: { llamaCpp: { path, contextTokens, gpu, ...(schemas === 'none' && { schemas }) } },
    holds: (schema) => holdOf(schemas, schema),
    files: [{ path, key: ['llamaCpp', 'path'], head: { bytes: GGUF_HEADER_BYTES, fault: ggufFault } }],
    ...{ contextTokens, servers: null, rawPrompts: null, scoresQuestions: false },
    needs: { package: ENGINE_PACKAGE, key: ['llamaCpp'], missing: ENGINE_MISSING },
  }),
  open: openLlamaCpp,
} satisfies Protocol<typeof llamaCppOptions, typeof ownTemplate>;

function holdOf(schemas: LlamaCppOptions['schemas'], schema: Readonly<Record<string, unknown>>): SchemaHold {
  if (schemas === 'none') return { why: '`schemas: none`' };
  const held = grammarSchema(schema);
  return 'why' in held ? held : { how: 'held by a grammar', but: held.but };
}

/** An embedded llama.cpp (node-llama-cpp) in child processes of one thread each. */
async function openLlamaCpp(
  name: string,
  options: LlamaCppOptions,
  templateConfig: TemplateConfig | undefined,
  { folder, env, clock, allowance }: OpenDeps,
): Promise<OpenedModel> {
  const startedMs = clock.nowMs();
  const written = templateConfig && resolveTemplate(templateConfig);
  const count =
    options.processes ?? (options.gpu ? 1 : Math.min(ENGINE_PROCESSES_DEFAULT_MAX, availableParallelism()));
  const engine: EngineOptions = {
    path: resolve(folder, options.path),
    sequences: options.sequences,
    contextTokens: options.contextTokens,
    gpu: options.gpu,
  };
  const starting = Array.from({ length: count }, () => startEngine(name, engine, childEnvironment(env, [])));
  const results = await Promise.allSettled(starting.map(({ loaded }) => loaded));
  try {
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    const [first] = results as PromiseFulfilledResult<GgufTokenizer>[];
    const template = written ?? ggufTemplate(name, options.path, first!.value);
    return createModel(name, template, starting, { ...options, clock, startedMs, allowance });
  } catch (error) {
    await Promise.all(starting.map((process) => process.kill()));
    throw error;
  }
}

function createModel(
  name: string,
  template: Template,
  engines: EngineProcess[],
  { sequences, schemas, clock, startedMs, allowance }: ModelDeps,
): OpenedModel {
  const completes = createQueue(leastBusy(engines, 'complete', sequences));
  const chooses = createQueue(leastBusy(engines, 'choose', CHOOSES_PER_PROCESS_MAX));
  const stats = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  const uses = createStepUses();
  let nextId = 1;

  async function ask(queue: Queue<EngineProcess>, asker: Asker, job: Job): Promise<Answer> {
    const { seq, step, record, stream } = asker;
    stats.requests += 1;
    if (record) record.tries += 1;
    try {
      const answer = await queue.run(seq, async (engine) => {
        const sentMs = clock.nowMs();
        const asked = askWithin(allowance, watched(engine, stream, job), job);
        return asked.finally(() => uses.busy(clock.nowMs() - sentMs, step));
      });
      const usage = usageOf(answer);
      stats.promptTokens += usage.promptTokens;
      stats.completionTokens += usage.completionTokens;
      uses.answered(usage, step);
      if (record) addUsage(record, usage);
      return answer;
    } catch (error) {
      stats.failures += 1;
      throw error;
    }
  }

  return {
    label: `model ${name}`,
    name,
    can: CAN,
    promptWrapper: template.promptWrapper,
    promptText: template.promptText,
    markers: template.markers,
    async complete(request: CompleteRequest) {
      const answer = await ask(completes, request, completeJob(request, template, nextId++, schemas));
      return (answer as Extract<FromEngine, { kind: 'completed' }>).choices;
    },
    async choose({ message, options: given, ...asker }: ChooseRequest) {
      const prompt = template.promptParts(message);
      const job: ChooseJob = { kind: 'choose', id: nextId++, prompt, options: given };
      const answer = await ask(chooses, asker, job);
      return (answer as Extract<FromEngine, { kind: 'chosen' }>).probabilities;
    },
    stats(): ModelStats {
      const inFlight = completes.inFlight + chooses.inFlight;
      const memoryPeakBytes = engines.reduce((sum, engine) => sum + engine.memoryPeakBytes, 0);
      const serverS = (clock.nowMs() - startedMs) / 1000;
      const queued = completes.queued + chooses.queued;
      return { ...stats, memoryPeakBytes, retries: 0, inFlight, queued, serverS, ...uses.stats() };
    },
    async close() {
      completes.close();
      chooses.close();
      await Promise.all(engines.map((engine) => engine.kill()));
    },
  };
}

function completeJob(
  request: CompleteRequest,
  template: Template,
  id: number,
  schemas: LlamaCppOptions['schemas'],
): CompleteJob {
  const { message, n, tokensMax, temperature, topP, seed, stream } = request;
  const prompt = template.promptParts(message);
  const sampling = { n, tokensMax, temperature, topP, seed };
  const isWatched = stream !== undefined && n === 1;
  const held = schemas === 'grammar' && request.jsonSchema ? grammarSchema(request.jsonSchema) : undefined;
  const schema = held && 'schema' in held ? { schema: held.schema } : {};
  return { kind: 'complete', id, prompt, stop: [...template.stop], ...sampling, ...schema, isWatched };
}

/** Who asks. */
type Asker = Pick<CompleteRequest, 'seq' | 'step' | 'record' | 'stream'>;

interface ModelDeps
  extends Pick<LlamaCppOptions, 'sequences' | 'schemas'>, Pick<OpenDeps, 'clock' | 'allowance'> {
  startedMs: number;
}

function addUsage(record: CallRecord, { promptTokens, completionTokens }: Usage): void {
  record.promptTokens += promptTokens;
  record.completionTokens += completionTokens;
}

function usageOf(answer: Answer): Usage {
  const choices = answer.kind === 'completed' ? answer.choices : [];
  const completionTokens = choices.reduce((sum, { tokens }) => sum + tokens, 0);
  return { promptTokens: answer.promptTokens, completionTokens };
}

/** Asks an engine once a budget has let the request through. */
async function askWithin(
  allowance: OpenDeps['allowance'],
  engine: Pick<EngineProcess, 'ask'>,
  job: Job,
): Promise<Answer> {
  if (!allowance) return engine.ask(job);
  const promptTokens = promptTokensMax(Buffer.byteLength(JSON.stringify(job.prompt)));
  const completionTokens = job.kind === 'complete' ? job.n * job.tokensMax : 0;
  const settle = await allowance.admit({ promptTokens, completionTokens });
  try {
    const answer = await engine.ask(job);
    settle(usageOf(answer));
    return answer;
  } catch (error) {
    settle('unknown');
    throw error;
  }
}

/** An engine that tells `stream` what it writes. */
function watched(
  engine: EngineProcess,
  stream: ReplyStream | undefined,
  job: Job,
): Pick<EngineProcess, 'ask'> {
  if (!stream) return engine;
  stream.begins();
  const tell = pieceTeller(stream, job.kind === 'complete' ? job.stop : []);
  let told = 0;
  const onText = (text: string): void => {
    // A character of several tokens is shown as U+FFFD before its last one has come.
    const whole = text.replace(/\uFFFD+$/, '');
    if (whole.length <= told) return;
    tell(whole.slice(told));
    told = whole.length;
  };
  return { ask: (given) => engine.ask(given, onText) };
}

/** Ties go to the earlier process; the reply is the same from each. */
function leastBusy(
  engines: readonly EngineProcess[],
  kind: Job['kind'],
  perEngineMax: number,
): Slots<EngineProcess> {
  return {
    find() {
      const least = engines.reduce((best, engine) =>
        engine.outstanding[kind] < best.outstanding[kind] ? engine : best,
      );
      return least.outstanding[kind] < perEngineMax ? least : null;
    },
    occupy(engine) {
      engine.outstanding[kind] += 1;
    },
    release(engine) {
      engine.outstanding[kind] -= 1;
    },
  };
}

type Answer = Extract<FromEngine, { kind: 'completed' | 'chosen' }>;

interface EngineProcess {
  loaded: Promise<GgufTokenizer>;
  /** Calls that the process was given and has not answered. */
  outstanding: Record<Job['kind'], number>;
  memoryPeakBytes: number;
  /** `onText` is told the text of a watched job as it grows. */
  ask(job: Job, onText?: (text: string) => void): Promise<Answer>;
  kill(): Promise<void>;
}

/** A job that a process has not answered. */
interface OpenJob {
  onText: ((text: string) => void) | undefined;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

function forkEngine(env: NodeJS.ProcessEnv): ChildProcess {
  return fork(fileURLToPath(new URL('./child.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Flags of the parent (a debugger's port, a test runner's) are not meant for its engines. samplerMemory.ts needs this one.
    execArgv: ['--expose-gc'],
    env,
  });
}

function startEngine(name: string, options: EngineOptions, env: NodeJS.ProcessEnv): EngineProcess {
  const child = forkEngine(env);
  const open = new Map<number, OpenJob>();
  const outstanding = { complete: 0, choose: 0 };
  const stderr = tailOf(child);
  let closing = false;

  const loaded = new Promise<GgufTokenizer>((resolveLoaded, rejectLoaded) => {
    child.on('message', (message: FromEngine) => {
      if (message.kind === 'loaded') return resolveLoaded(message.tokenizer);
      if (message.kind === 'loadFailed') return rejectLoaded(loadError(name, options.path, message));
      if (message.kind === 'memory') {
        engine.memoryPeakBytes = message.peakBytes;
        return;
      }
      if (message.kind === 'wrote') return open.get(message.id)?.onText?.(message.text);
      settle(message);
    });
    // Not `exit`: its last words may still be on their way then.
    child.on('close', (code, signal) => {
      const error = closing ? cancelled(name) : crashError(name, code, signal, stderr());
      rejectLoaded(error);
      for (const { reject } of open.values()) reject(error);
      open.clear();
    });
    child.on('error', (cause) => {
      rejectLoaded(
        new ScaleQuestError('ERR_MODEL_LOAD', `${name}: its process cannot be started: ${cause.message}`, {
          cause,
        }),
      );
    });
  });
  child.send({ kind: 'load', options });

  function settle(
    message: Exclude<FromEngine, { kind: 'loaded' | 'loadFailed' | 'memory' | 'wrote' }>,
  ): void {
    const entry = open.get(message.id);
    if (!entry) return;
    open.delete(message.id);
    if (message.kind === 'completed' || message.kind === 'chosen') return entry.resolve(message);
    entry.reject(failureOf(name, message));
  }

  const engine: EngineProcess = {
    loaded,
    outstanding,
    memoryPeakBytes: 0,
    ask(job, onText) {
      return new Promise((resolveAsk, reject) => {
        if (!child.connected)
          return reject(
            closing ? cancelled(name) : crashError(name, child.exitCode, child.signalCode, stderr()),
          );
        open.set(job.id, { onText, resolve: resolveAsk, reject });
        child.send(job);
      });
    },
    async kill() {
      closing = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise((resolveExit) => child.once('exit', resolveExit));
      child.kill('SIGKILL');
      await exited;
    },
  };
  return engine;
}

/** Why an engine did not answer: each rejects the row that it was asked about. */
function failureOf(
  name: string,
  failed: Extract<FromEngine, { kind: 'promptTooLong' | 'marked' | 'failed' }>,
): RowError {
  if (failed.kind === 'promptTooLong')
    return new RowError(
      'ROW_PROMPT_TOO_LONG',
      `the prompt has ${failed.promptTokens} tokens, expected fewer than ${failed.contextTokens} (contextTokens of ${name})`,
    );
  if (failed.kind === 'marked')
    return new RowError(
      'ROW_MARKER',
      `${name}: its vocabulary reads ${JSON.stringify(failed.marker)} in the text of the row as a control token; expected text without it`,
    );
  return new RowError('ROW_SERVER_ERROR', `${name}: the engine failed: ${failed.message}`, {
    mayDiffer: true,
  });
}

function tailOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-STDERR_TAIL_CHARS);
  });
  return () => text.trim();
}

function loadError(
  name: string,
  path: string,
  failed: Extract<FromEngine, { kind: 'loadFailed' }>,
): ScaleQuestError {
  const message = failed.missingPackage
    ? ENGINE_MISSING
    : `${path} cannot be loaded: ${failed.message.split('\n')[0]}; expected a GGUF file of a model that llama.cpp knows`;
  return new ScaleQuestError('ERR_MODEL_LOAD', `${name}: ${message}`, { data: { model: name } });
}

function crashError(
  name: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
): ScaleQuestError {
  const why =
    signal === 'SIGKILL' ? ' (out of memory?)' : signal === 'SIGBUS' ? ' (was its GGUF file replaced?)' : '';
  const how = signal ? `was killed by ${signal}${why}` : `exited with code ${code}`;
  const said = stderr ? `. Its last words: ${stderr}` : '';
  return new ScaleQuestError(
    'ERR_MODEL_CRASHED',
    `${name}: an engine process ${how}; lower \`processes\`, \`sequences\` or \`contextTokens\` if memory ran out${said}`,
    { data: { model: name } },
  );
}

function cancelled(name: string): ScaleQuestError {
  return new ScaleQuestError('ERR_CANCELLED', `${name} was closed before it answered`);
}
