import type { Markers } from '../text/markers.js';

/** What an operator knows of a model: these types and nothing else. */

/**
 * What is asked. The backend turns it into a prompt by the model's template (completions) or into
 * messages (chat), so operators never see markers.
 * - `preQuery`: nothing but the opening of a user message; the model writes the question (Magpie, ScaleQuest §2).
 * - `user`: a whole user message; the model writes the assistant's.
 * - `chat`: a dialogue; the model writes the next message, of the assistant, or of the user from its bare opening.
 */
export type Message =
  | { kind: 'preQuery' }
  | { kind: 'user'; text: string }
  | { kind: 'chat'; turns: readonly Turn[]; next: 'assistant' | 'user' };

/** One message of a dialogue. */
export interface Turn {
  /** `system`, `user` or `assistant`; what other roles are is up to the template. */
  role: string;
  content: string;
}

/** How a call went. Workers and batch APIs do not say it. */
export interface CallRecord {
  /** The address of the server that was asked last; absent without one. */
  replica?: string;
  /** Requests that were sent for it, each try counted; 0 where the store answered. */
  tries: number;
  /** Tokens of its prompts. */
  promptTokens: number;
  /** Tokens of its replies. */
  completionTokens: number;
  /** Whether the store of replies, or an equal call in flight, answered it. */
  isStoreHit: boolean;
}

/** Asks for one or several replies to a message. */
export interface CompleteRequest {
  /** Position of the row in the source: the pool serves the oldest row first. */
  seq: number;
  /** What is asked. */
  message: Message;
  /** Number of choices, from one request where the server can. */
  n: number;
  /** Longest choice, in tokens. */
  tokensMax: number;
  /** Sampling temperature; 0 is greedy. */
  temperature: number;
  /** Nucleus sampling: the share of probability kept. */
  topP: number;
  /** JSON Schema that the server holds the reply to, where it can; whoever asks checks it all the same. */
  jsonSchema?: Readonly<Record<string, unknown>> | undefined;
  /** The most tokens of thought before an answer; only for models that `can.boundThought`. */
  thinkingTokensMax?: number | undefined;
  /** 0 … 2^32-1; same request and seed give the same choices where the server can. */
  seed: number;
  /** The label of the step that asks: what it uses is counted apart. It decides no reply. */
  step?: string | undefined;
  /** Filled in as the call goes, for those who ask for it. It decides no reply. */
  record?: CallRecord | undefined;
  /** Told the reply as it is written, for those who look on; with `n: 1`, and where the protocol can. It decides no reply. */
  stream?: ReplyStream | undefined;
}

/** Looks on while one reply is written. What the call resolves to counts: the pieces may end before its end. */
export interface ReplyStream {
  /** A try begins; what was written before counts no more. */
  begins(): void;
  /** What has come since. */
  wrote(text: string): void;
}

/** One reply of a model. */
export interface Choice {
  /** What the model wrote. */
  text: string;
  /** How it ended; all but `stop` leave no whole answer. */
  finish: Finish;
  /** Tokens of the text and of the thought before it, as the server counted them. */
  tokens: number;
  /** What the model thought before it answered, where its server tells it apart. */
  reasoning?: string;
  /** Of `tokens`, those of the thought, where the server counts them apart. */
  reasoningTokens?: number;
  /** The server's own word for a `finish` that is neither `stop` nor `length`, or the field that holds a `reasoning` alone. */
  reason?: string;
}

/**
 * - `stop`: the model ended the text itself, or a stop string did.
 * - `length`: cut off by `tokensMax` or by the context.
 * - `repetition`: the server stopped a loop.
 * - `filter`: a content filter cut it, or the model or its service refused.
 * - `toolCall`: the model called a tool instead of answering.
 * - `reasoning`: there is nothing but reasoning.
 */
export type Finish = 'stop' | 'length' | 'repetition' | 'filter' | 'toolCall' | 'reasoning';

/** Asks which of several replies a model would begin to write. */
export interface ChooseRequest {
  /** Position of the row in the source. */
  seq: number;
  /** What is asked. */
  message: Message;
  /** Possible replies, each told apart by its first token, e.g. `Yes`, `No` or the ten digits. */
  options: readonly string[];
  /** The label of the step that asks. */
  step?: string | undefined;
  /** Filled in as the call goes, for those who ask for it. It decides no reply. */
  record?: CallRecord | undefined;
}

/** A text to score: a question alone, or a question and its response. */
export interface ScoreItem {
  user: string;
  assistant: string | null;
}

export interface ScoreRequest {
  seq: number;
  /** From one request of the server, or a few, where its protocol takes several. */
  items: readonly ScoreItem[];
  /** The items are the steps of one response, in order; each gets its number after those before it. */
  areSteps?: boolean | undefined;
  /** The label of the step that asks. */
  step?: string | undefined;
  /** Filled in as the call goes, for those who ask for it. It decides no reply. */
  record?: CallRecord | undefined;
}

export interface EmbedRequest {
  seq: number;
  texts: readonly string[];
  /** The label of the step that asks. */
  step?: string | undefined;
  /** Filled in as the call goes, for those who ask for it. It decides no reply. */
  record?: CallRecord | undefined;
}

/** What a program is tested with, each by itself. */
export type ProgramTests =
  /** Statements of the program's language that know the program's names; one that ends without an error has passed. */
  | { kind: 'asserts'; asserts: readonly string[] }
  /** Standard inputs; the program is run anew for each. */
  | { kind: 'inputs'; inputs: readonly string[] };

/** Asks for a run of a program with its tests, in a sandbox. */
export interface ExecuteRequest {
  /** Position of the row in the source. */
  seq: number;
  /** The program's language, as `python`. */
  language: string;
  /** Its source. */
  program: string;
  tests: ProgramTests;
  /** The most CPU time that the program may take: with asserts for all of them, else for each input. */
  cpuSeconds: number;
  /** The most memory that its processes may hold together. */
  memoryMiB: number;
  /** The label of the step that asks. */
  step?: string | undefined;
  /** Filled in as the call goes, for those who ask for it. It decides no reply. */
  record?: CallRecord | undefined;
}

/** What became of one test. */
export interface TestRun {
  /** An assert has passed; a run has ended by itself, with code 0. */
  isOk: boolean;
  /** What an ok run printed, else in a few words what went wrong; empty for an assert that has passed. */
  text: string;
}

/** The text around a question in the data that its generator is trained on. */
export interface PromptWrapper {
  /** The pre-query prompt without its begin-of-sequence marker: a trainer's tokeniser adds that marker itself. */
  opening: string;
  /** What follows a user's text, up to and including the marker that ends it; empty if the template has no such marker. */
  end: string;
}

/** Counters since the start; requests and tokens that failed in the end are counted too. */
export interface ModelStats {
  /** Requests begun; their retries are counted apart. */
  requests: number;
  /** Times that a request was sent again after a failure. */
  retries: number;
  /** Requests that failed in the end, after their retries. */
  failures: number;
  /** Requests that wait for a reply now. */
  inFlight: number;
  /** Requests that wait to be sent now, for a slot or before a retry. */
  queued: number;
  /** Tokens of all prompts. */
  promptTokens: number;
  /** Tokens of all choices. */
  completionTokens: number;
  /** Of `promptTokens`, those that a server had in its cache and said so; absent where none did. */
  cachedTokens?: number;
  /** Of `completionTokens`, those of thoughts, where servers count them apart; absent where none did. */
  reasoningTokens?: number;
  /** Seconds that servers were held for the model, added up over its servers; absent where it has none of its own. */
  serverS?: number;
  /** How long its requests were at a server, each try counted; absent before the first, and where servers do not say it. */
  durations?: Durations | undefined;
  /** What each step used, by its label; a request that failed counts nothing here. Absent before the first reply. */
  steps?: Readonly<Record<string, StepUse>>;
  /** The most memory that the model's own processes have held, added up; 0 for a server elsewhere. */
  memoryPeakBytes: number;
  /** Calls that the store of replies answered, or a call in flight that asked the same; absent without a store. */
  storeHits?: number;
  /** What servers said that is not known here, and how it was read → how often; absent where there was nothing. */
  notes?: Readonly<Record<string, number>>;
  /** What went wrong last, while no call has been answered since; absent for most of a run. */
  trouble?: string | undefined;
  /** Each of its servers now; absent for an engine of this process and for batch APIs. */
  replicas?: readonly ReplicaStats[];
}

/** How long requests took: how many in each bucket, and all together. `src/backends/server/durations.ts` has the bounds. */
export interface Durations {
  /** One more than there are bounds: what took longer than the last. */
  counts: readonly number[];
  /** Seconds of all, added up. */
  sumS: number;
}

/** One server of a model. Models may share it: what is said to be the model's own counts that model alone. */
export interface ReplicaStats {
  /** Its address, without anything secret in it. */
  url: string;
  /** Whether its circuit breaker is closed (it takes calls), open or half-open, or the pool has ejected it. */
  state: 'closed' | 'halfOpen' | 'open' | 'ejected';
  /** Sequences that it may be given at a time, by all models; a request of n choices is n of them. */
  limit: number;
  /** Sequences that it has now, of all models. */
  outstanding: number;
  /** The model's own requests that wait for its reply now. */
  inFlight: number;
  /** The model's own requests that it was sent, each try counted. */
  requests: number;
  /** Those of them that came to nothing: refused, cut or too slow. */
  failures: number;
  /** Tokens of the prompts that it answered to the model. */
  promptTokens: number;
  /** Tokens of the choices that it gave the model. */
  completionTokens: number;
}

/** What the replies to one step took. */
export interface StepUse {
  /** Requests that were answered. */
  requests: number;
  promptTokens: number;
  /** Of them, those that a server had in its cache. */
  cachedTokens: number;
  completionTokens: number;
  /** Of them, those of thoughts, where a server counts them apart; absent where there were none. */
  reasoningTokens?: number;
  /** The squares of each request's `completionTokens`, added up: they tell how far the mean of a few may be off. */
  completionSquares: number;
  /** Seconds that its requests waited for their replies at a server, added up; tries that failed count too. */
  busyS: number;
  /** Calls that the store of replies answered instead. */
  storeHits: number;
}

/** What a model can be asked. A call that its protocol does not have rejects with ERR_PIPELINE_MODEL. */
export interface ModelCalls {
  /** The `n` choices, in the server's order. Rejects with a RowError (row lost) or a ScaleQuestError (run over). */
  complete(request: CompleteRequest): Promise<Choice[]>;
  /** The probability of each option as the first token of the reply, in the order asked; the sum is at most 1. */
  choose(request: ChooseRequest): Promise<number[]>;
  /** One finite number an item, in their order; what it means is the server's model's affair. */
  score(request: ScoreRequest): Promise<number[]>;
  /** One vector a text, in their order, all of one length. */
  embed(request: EmbedRequest): Promise<number[][]>;
  /** What became of each test of a program, in their order. */
  execute(request: ExecuteRequest): Promise<TestRun[]>;
}

/** A named role's backend. All methods may be called at once without limit: the backend queues them, oldest row first. */
export interface Model extends ModelCalls {
  /** Its name in `models`. */
  readonly name: string;
  /** What this backend can do with its protocol and template; `check` reads it before any request. */
  readonly can: {
    preQuery: boolean;
    choose: boolean;
    score: boolean;
    embed: boolean;
    /** Whether its server bounds a thought by `thinkingTokensMax`; false if absent. */
    boundThought?: boolean;
    /** Whether it scores the steps of a response, and nothing else; false if absent. */
    scoreSteps?: boolean;
    /** Whether it runs programs; false if absent. */
    execute?: true;
  };
  /** Absent where the template is not known here: the server has it (chat), or there is none (scores, vectors). */
  readonly promptWrapper?: PromptWrapper | undefined;
  /** The exact prompt of a message; absent where the server makes it (chat), or the model takes none. */
  readonly promptText?: ((message: Message) => string) | undefined;
  /** The control tokens that no text of a row may hold, nor a reply that becomes one; those of all families if absent. */
  readonly markers?: Markers | undefined;
  /** Its counters as they are now. */
  stats(): ModelStats;
  /** Aborts what is open or queued (each call rejects with ERR_CANCELLED) and frees sockets and processes. */
  close(): Promise<void>;
}
