import type { PromptPart } from '../templates/template.js';

/** What the parent and an engine process say to each other. */

export interface EngineOptions {
  path: string;
  sequences: number;
  /** Undefined for what the model was trained for, within reason. */
  contextTokens: number | undefined;
  gpu: boolean;
}

/** What the GGUF file says of prompts. */
export interface GgufTokenizer {
  /** `tokenizer.chat_template`, in Jinja; null where the file has none. */
  chatTemplate: string | null;
  /** The tokens that begin and end a text, as text. */
  bos: string | undefined;
  eos: string | undefined;
}

export interface CompleteJob {
  kind: 'complete';
  id: number;
  prompt: PromptPart[];
  stop: string[];
  n: number;
  tokensMax: number;
  temperature: number;
  topP: number;
  seed: number;
  /** Each choice is held to this JSON Schema, in the words of node-llama-cpp. */
  schema?: object;
  /** Asks for `wrote` messages. */
  isWatched?: boolean;
}

export interface ChooseJob {
  kind: 'choose';
  id: number;
  prompt: PromptPart[];
  options: readonly string[];
}

export type Job = CompleteJob | ChooseJob;

export type ToEngine = { kind: 'load'; options: EngineOptions } | Job;

export interface EngineChoice {
  text: string;
  finish: 'stop' | 'length';
  tokens: number;
}

export type FromEngine =
  | { kind: 'loaded'; tokenizer: GgufTokenizer }
  | { kind: 'loadFailed'; missingPackage: boolean; message: string }
  | { kind: 'completed'; id: number; promptTokens: number; choices: EngineChoice[] }
  /** The text of the choice that is being written, so far; only of a watched job. */
  | { kind: 'wrote'; id: number; text: string }
  | { kind: 'chosen'; id: number; promptTokens: number; probabilities: number[] }
  /** Text of the row was read as a control token: `marker`. */
  | { kind: 'marked'; id: number; marker: string }
  | { kind: 'promptTooLong'; id: number; promptTokens: number; contextTokens: number }
  | { kind: 'failed'; id: number; message: string }
  /** Sent once a second: the most memory that the process has held. */
  | { kind: 'memory'; peakBytes: number };
