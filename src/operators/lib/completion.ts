import { z } from 'zod';
import type { Choice, CompleteRequest, Model } from '../../backends/model.js';
import { KNOWN_MARKERS, type Markers } from '../../text/markers.js';
import { joinReplyTexts } from '../../flow/steps/lostReply.js';
import { type SplitReply, isOnlyThought } from '../../text/afterThought.js';
import type { TakeThought } from './reasoning.js';
import { isRepetition } from '../../text/repetition.js';
import { RowError } from '../../errors.js';

/** The sampling options that every completing step shares. */
export function samplingOptions(defaults: { temperature: number; topP: number; tokensMax: number }) {
  return {
    temperature: z
      .number()
      .min(0)
      .max(5)
      .default(defaults.temperature)
      .describe('Sampling temperature; 0 is greedy.'),
    topP: z
      .number()
      .gt(0)
      .max(1)
      .default(defaults.topP)
      .describe('Nucleus sampling: the share of probability kept.'),
    tokensMax: z.int().min(1).default(defaults.tokensMax).describe('Longest completion, in tokens.'),
  };
}

type FaultCode =
  | 'ROW_LENGTH'
  | 'ROW_EMPTY'
  | 'ROW_REPETITION'
  | 'ROW_MARKER'
  | 'ROW_THOUGHT'
  | 'ROW_FILTERED'
  | 'ROW_TOOL_CALL'
  | 'ROW_REASONING_ONLY';

/**
 * Why a choice cannot be used; null if it can. It does not judge a loop that the model ended by itself: the reward does.
 * `take` is how the step reads the thought, where it does.
 */
export function choiceFault(
  choice: Choice,
  markers: Markers = KNOWN_MARKERS,
  take?: TakeThought,
): { code: FaultCode } | null {
  const { text, finish } = choice;
  if (finish === 'length')
    return { code: isRepetition(writtenText(choice)) ? 'ROW_REPETITION' : 'ROW_LENGTH' };
  if (finish !== 'stop') return { code: FAULT_CODES[finish] };
  if (text.trim() === '') return { code: 'ROW_EMPTY' };
  const { thought, answer } = take?.(choice) ?? { thought: '', answer: text };
  if (answer.trim() === '') return { code: 'ROW_THOUGHT' };
  if (markers.find(answer) ?? markers.find(thought)) return { code: 'ROW_MARKER' };
  return isOnlyThought(answer) ? { code: 'ROW_THOUGHT' } : null;
}

const FAULT_CODES = {
  repetition: 'ROW_REPETITION',
  filter: 'ROW_FILTERED',
  toolCall: 'ROW_TOOL_CALL',
  reasoning: 'ROW_REASONING_ONLY',
} as const;

/** The trimmed texts of the choices. `leftOut` counts the unusable ones by error code; it is undefined if there are none. */
export interface Completed {
  texts: string[];
  leftOut: Record<string, number> | undefined;
}

/** Replies whose thoughts stand apart from their answers; a thought is empty where there is none. */
export interface CompletedThoughts {
  replies: SplitReply[];
  leftOut: Record<string, number> | undefined;
}

/** All choices, whatever is wrong with them; each ends where the model began to write control tokens. */
export async function completeAll(model: Model, ask: CompleteRequest): Promise<Completed> {
  const { find } = model.markers ?? KNOWN_MARKERS;
  const choices = await model.complete(ask);
  return { texts: choices.map(({ text }) => text.slice(0, find(text)?.at).trim()), leftOut: undefined };
}

/** As `completeAll`, with thoughts apart. */
export async function completeAllThoughts(
  model: Model,
  ask: CompleteRequest,
  take: TakeThought,
): Promise<CompletedThoughts> {
  const { find } = model.markers ?? KNOWN_MARKERS;
  const ended = (text: string): string => text.slice(0, find(text)?.at).trim();
  const replies = (await model.complete(ask)).map(take);
  return {
    replies: replies.map(({ thought, answer }) => ({ thought: ended(thought), answer: ended(answer) })),
    leftOut: undefined,
  };
}

/** The usable choices; rejects the row with the first fault's code if there is none. */
export async function completeUsable(model: Model, ask: CompleteRequest): Promise<Completed> {
  const { choices, leftOut } = await usableChoices(model, ask);
  return { texts: choices.map(({ text }) => text.trim()), leftOut };
}

/** As `completeUsable`, with thoughts apart. */
export async function completeUsableThoughts(
  model: Model,
  ask: CompleteRequest,
  take: TakeThought,
): Promise<CompletedThoughts> {
  const { choices, leftOut } = await usableChoices(model, ask, take);
  return { replies: choices.map(take), leftOut };
}

async function usableChoices(
  model: Model,
  ask: CompleteRequest,
  take?: TakeThought,
): Promise<{ choices: Choice[]; leftOut: Completed['leftOut'] }> {
  const asked = await model.complete(ask);
  const choices: Choice[] = [];
  const faults: { code: FaultCode; choice: Choice }[] = [];
  const markers = model.markers ?? KNOWN_MARKERS;
  for (const choice of asked) {
    // An end token that the server did not take away ends the reply all the same.
    const text = markers.withoutEnd(choice.text);
    const ended = text === choice.text ? choice : { ...choice, text };
    const fault = choiceFault(ended, markers, take);
    if (fault) faults.push({ ...fault, choice });
    else choices.push(ended);
  }
  const codes = faults.map(({ code }) => code);
  if (choices.length > 0) return { choices, leftOut: faults.length > 0 ? countsOf(codes) : undefined };
  const [first] = faults;
  const message = first ? FAULT_MESSAGES[first.code](first.choice) : 'the server returned no choice';
  const reply = joinReplyTexts(asked.map(writtenText));
  throw new RowError(first?.code ?? 'ROW_EMPTY', message, { data: { model: model.name }, reply });
}

/** What the model wrote, its thoughts where there is nothing else. */
function writtenText({ text, reasoning = '' }: Choice): string {
  return text.trim() === '' && reasoning !== '' ? reasoning : text;
}

/** Reads a reply. An error of the row holds that reply, so that the table of lost rows shows what could not be read. */
export function readingReply<T>(reply: string, read: (reply: string) => T): T {
  try {
    return read(reply);
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    const { code, message, data, cause, mayDiffer } = error;
    throw new RowError(code, message, { data, cause, reply, mayDiffer });
  }
}

function countsOf(codes: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return Object.fromEntries(counts);
}

const FAULT_MESSAGES: Readonly<Record<FaultCode, (choice: Choice) => string>> = {
  ROW_LENGTH: (choice) =>
    isOnlyThought(choice.text) || writtenText(choice) !== choice.text
      ? 'the completion reached tokensMax while the model was still reasoning; raise tokensMax if this happens often'
      : 'the completion reached tokensMax before its end; raise tokensMax if this happens often',
  ROW_MARKER: () =>
    'the completion holds control tokens as text, and goes on after them; if this happens often, the template or its stop ' +
    'strings do not fit the model',
  ROW_THOUGHT: () =>
    'the reply is a thought that does not end, or that no answer follows; if this happens often, raise tokensMax',
  ROW_EMPTY: () =>
    'the completion is empty; if this happens often, the template or its stop strings do not fit the model',
  ROW_REPETITION: () =>
    'the completion repeats itself up to tokensMax; if this happens often, the template does not fit the model',
  ROW_FILTERED: ({ reason }) =>
    `a content filter or a refusal ended the completion (finish_reason ${reason}); what is filtered is up to the service ` +
    'and its settings',
  ROW_TOOL_CALL: ({ reason }) =>
    `the model called a tool instead of answering (finish_reason ${reason}); if this happens often, start the server without ` +
    'a tool parser, or have the prompt ask for an answer in words',
  ROW_REASONING_ONLY: ({ reason, reasoning = '' }) =>
    `the server gave ${reasoning.length} characters of reasoning (in ${reason}) and no answer; if this happens often, its ` +
    'reasoning parser takes the whole reply for a thought: start the server without it (vLLM and SGLang: --reasoning-parser; ' +
    'llama.cpp: --reasoning-format none)',
};
