import { ScaleQuestError } from '../errors.js';
import type { Model, ModelCalls } from './model.js';
import type { ModelAbility, OpenedModel } from './protocol.js';

/** What each call does, in the words of its refusal. */
const CALLS: Record<keyof ModelCalls, string> = {
  complete: 'answer a message',
  choose: 'give the probabilities of replies',
  score: 'score',
  embed: 'embed a text',
  execute: 'run a program',
};

/**
 * The model with all calls: one that its protocol does not have rejects with ERR_PIPELINE_MODEL. `protocolsThatCan` lists
 * the protocols that have it.
 */
export function withRefusals(
  opened: OpenedModel,
  protocolsThatCan: (ability: ModelAbility) => string,
): Model {
  const { label, ...model } = opened;
  const refuse = (call: keyof ModelCalls) => async (): Promise<never> => {
    throw new ScaleQuestError(
      'ERR_PIPELINE_MODEL',
      `${label} cannot ${CALLS[call]}; expected a model of kind ${protocolsThatCan(call)}`,
    );
  };
  return {
    complete: refuse('complete'),
    choose: refuse('choose'),
    score: refuse('score'),
    embed: refuse('embed'),
    execute: refuse('execute'),
    ...model,
  };
}
