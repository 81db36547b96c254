import type { ServeOptions } from '../process/managedServer.js';
import type { z } from 'zod';
import type { SchemaHold } from './heldSchema.js';
import type { Model, ModelCalls } from './model.js';
import type { ServerDeps } from './server/serverClient.js';

/**
 * What a step may ask of a model. `preQuery` completes the bare opening of a user message, `complete` answers a whole one,
 * `choose` gives the probabilities of given replies, `scoreQuestion` scores a question that has no response yet,
 * `scoreSteps` scores each step of a response, `boundThought` ends a thought at a number of tokens, `execute` runs a program.
 */
export type ModelAbility =
  | 'preQuery'
  | 'complete'
  | 'choose'
  | 'score'
  | 'scoreQuestion'
  | 'scoreSteps'
  | 'embed'
  | 'boundThought'
  | 'execute';

type Schema = z.ZodType;

/** A protocol of models: all that the rest of the program knows of it. `registry.ts` lists every protocol. */
export interface Protocol<Options extends Schema = Schema, Template extends Schema | null = Schema | null> {
  /** The options that stand under the protocol's name in a pipeline file. */
  options: Options;
  /** The `template` that stands beside that name; null where the protocol has none. */
  template: Template;
  /** What such models can be asked. The text names the options that they need for it; it is empty where they need none. */
  abilities: Partial<Record<ModelAbility, string>>;
  /** What can be said of a model without opening it. */
  describe(options: z.output<Options>, template: TemplateOf<Template>): ProtocolDescription;
  /** Starts the engine or the client. The template's paths are absolute. */
  open(
    name: string,
    options: z.output<Options>,
    template: TemplateOf<Template>,
    deps: OpenDeps,
  ): Promise<OpenedModel>;
  /** What keeps such a model from opening on this machine, with what to do; null if nothing does. Asks no server. */
  lacks?(options: z.output<Options>, env: OpenDeps['env']): Promise<string | null>;
  /** Asks a server whether it can be used, where opening a model and asking it one question would cost too much. */
  probe?(name: string, options: z.output<Options>, deps: OpenDeps): Promise<void>;
}

type TemplateOf<Template> = Template extends z.ZodType ? z.output<Template> : undefined;

export interface OpenDeps extends ServerDeps {
  /** Where relative paths start. */
  folder: string;
}

/** A model with the calls that its protocol has. `openModel` adds the others, which refuse. */
export interface OpenedModel extends Omit<Model, keyof ModelCalls>, Partial<ModelCalls> {
  /** Names the model, and its servers, at the start of each message. */
  label: string;
}

export interface ProtocolDescription {
  can: Model['can'];
  /** Whether it can score a question without a response. */
  scoresQuestions: boolean;
  /** What decides the replies. Keys, hosts and how fast it goes decide none. */
  identity: object;
  /** Files that must exist before the run. */
  files: readonly ModelFile[];
  /** A package that is not installed with this one, and without which no such model opens. */
  needs?: NeededPackage;
  /** The longest prompt and completion together, where the options say it. */
  contextTokens: number | undefined;
  /** Its servers; null for an engine of our own. */
  servers: ModelServers | null;
  /** The prompts that it sends as raw text, to which the server's tokeniser adds what it always adds; null if it sends none. */
  rawPrompts: RawPrompts | null;
  /** How its servers hold replies to a JSON Schema; absent where it writes no replies. */
  holds?: (schema: Readonly<Record<string, unknown>>) => SchemaHold;
}

export interface ModelFile {
  path: string;
  /** The keys that lead to the path in the pipeline file, under the model's name. */
  key: readonly string[];
  /** How its first bytes are checked; absent where only its existence is. */
  head?: { bytes: number; fault: (head: Uint8Array) => string | null };
}

export interface NeededPackage {
  package: string;
  /** The keys that ask for it in the pipeline file, under the model's name. */
  key: readonly string[];
  /** What to say where it is missing, with the command that installs it. */
  missing: string;
}

export interface ModelServers {
  /** Their base urls; empty where a file lists them. */
  replicas: readonly string[];
  /** The file, as it is written: relative to the folder of the pipeline file. */
  replicasFrom: string | undefined;
  /** The name under which they know the model. */
  model: string;
  /** The variable that holds their key. */
  apiKeyEnv: string | undefined;
  /** Whether the run starts and stops the server itself. */
  isManaged: boolean;
  /** How they are started on other machines, where the pipeline file says so. */
  onCluster?: ServeOptions | undefined;
  timeoutMs: number;
}

export interface RawPrompts {
  /** More fields of each request's body. */
  extra: Readonly<Record<string, unknown>>;
}
