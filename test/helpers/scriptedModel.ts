import type {
  Choice,
  ChooseRequest,
  CompleteRequest,
  EmbedRequest,
  ExecuteRequest,
  Model,
  ScoreRequest,
  TestRun,
} from '../../src/backends/model.js';

/** What a scripted model answers: from the request alone, so that the order of requests cannot matter. */
export interface Script {
  /** A text stands for a choice that ended by itself. */
  complete?: (request: CompleteRequest) => readonly (string | Partial<Choice>)[];
  choose?: (request: ChooseRequest) => readonly number[];
  score?: (request: ScoreRequest) => readonly number[];
  embed?: (request: EmbedRequest) => readonly (readonly number[])[];
  execute?: (request: ExecuteRequest) => readonly TestRun[];
}

export interface ScriptedModel extends Model {
  /** Every request, in the order of arrival. */
  readonly completes: readonly CompleteRequest[];
  readonly chooses: readonly ChooseRequest[];
  readonly scores: readonly ScoreRequest[];
  readonly executes: readonly ExecuteRequest[];
  readonly isClosed: boolean;
}

/** A model without an engine: replies come from functions, a few turns of the event loop later. */
export function scriptedModel(script: Script = {}, name = 'tiny'): ScriptedModel {
  const completes: CompleteRequest[] = [];
  const chooses: ChooseRequest[] = [];
  const scores: ScoreRequest[] = [];
  const executes: ExecuteRequest[] = [];
  let isClosed = false;

  return {
    name,
    can: { preQuery: true, choose: true, score: true, embed: true },
    promptWrapper: { opening: `<${name}>`, end: '<end>' },
    completes,
    chooses,
    scores,
    executes,
    get isClosed() {
      return isClosed;
    },
    async complete(request) {
      completes.push(request);
      await later(request.seq);
      if (!script.complete) throw new Error(`${name} was not expected to complete`);
      return script.complete(request).map(choiceOf);
    },
    async choose(request) {
      chooses.push(request);
      await later(request.seq);
      if (!script.choose) throw new Error(`${name} was not expected to choose`);
      return [...script.choose(request)];
    },
    async score(request) {
      scores.push(request);
      await later(request.seq);
      if (!script.score) throw new Error(`${name} was not expected to score`);
      return [...script.score(request)];
    },
    async embed(request) {
      await later(request.seq);
      if (!script.embed) throw new Error(`${name} was not expected to embed`);
      return script.embed(request).map((vector) => [...vector]);
    },
    async execute(request) {
      executes.push(request);
      await later(request.seq);
      if (!script.execute) throw new Error(`${name} was not expected to run a program`);
      return [...script.execute(request)];
    },
    stats: () => ({
      requests: completes.length + chooses.length + scores.length,
      retries: 0,
      failures: 0,
      inFlight: 0,
      queued: 0,
      promptTokens: 0,
      completionTokens: 0,
      memoryPeakBytes: 0,
    }),
    async close() {
      isClosed = true;
    },
  };
}

/** Later rows of a batch answer before earlier ones. */
async function later(seq: number): Promise<void> {
  for (let turns = 3 - (seq % 4); turns > 0; turns--) await Promise.resolve();
}

function choiceOf(reply: string | Partial<Choice>): Choice {
  const given = typeof reply === 'string' ? { text: reply } : reply;
  const text = given.text ?? '';
  return { text, finish: 'stop', tokens: text.split(' ').length, ...given };
}

/** The text of a user message; empty for a bare one. */
export function messageText({ message }: Pick<CompleteRequest, 'message'>): string {
  if (message.kind === 'chat') return message.turns.at(-1)?.content ?? '';
  return message.kind === 'user' ? message.text : '';
}
