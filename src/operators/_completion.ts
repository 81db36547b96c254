import { z } from 'zod';
import type { Choice, CompleteRequest, Model } from '../backends/model.js';
import { isRepetition } from '../backends/repetition.js';
import { RowError } from '../errors.js';

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

/** Why a choice cannot be used; null if it can. */
export function choiceFault({
  text,
  finish,
}: Choice): { code: 'ROW_LENGTH' | 'ROW_EMPTY' | 'ROW_REPETITION' } | null {
  if (finish === 'length') return { code: isRepetition(text) ? 'ROW_REPETITION' : 'ROW_LENGTH' };
  if (text.trim() === '') return { code: 'ROW_EMPTY' };
  return null;
}

/** All choices, trimmed, whatever is wrong with them. */
export async function completeAll(model: Model, ask: CompleteRequest): Promise<string[]> {
  return (await model.complete(ask)).map(({ text }) => text.trim());
}

/** The usable choices, trimmed; rejects the row with the first fault's code if there is none. */
export async function completeUsable(model: Model, ask: CompleteRequest): Promise<string[]> {
  const choices = await model.complete(ask);
  const usable = choices.filter((choice) => choiceFault(choice) === null);
  if (usable.length > 0) return usable.map(({ text }) => text.trim());
  const code = choices[0] ? choiceFault(choices[0])!.code : 'ROW_EMPTY';
  throw new RowError(code, FAULT_MESSAGES[code], { data: { model: model.name } });
}

const FAULT_MESSAGES = {
  ROW_LENGTH: 'the completion reached tokensMax before its end; raise tokensMax if this happens often',
  ROW_EMPTY:
    'the completion is empty; if this happens often, the template or its stop strings do not fit the model',
  ROW_REPETITION:
    'the completion repeats itself up to tokensMax; if this happens often, the template does not fit the model',
} as const;
