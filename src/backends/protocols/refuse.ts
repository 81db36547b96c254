import { ScaleQuestError } from '../../errors.js';
import type { Model } from '../model.js';

type Refusals = Pick<Model, 'complete' | 'choose' | 'score' | 'embed'>;

/** The calls of a model that it has not: each rejects with ERR_PIPELINE_MODEL. A kind of model overwrites what it can. */
export function refuseAll(label: string): Refusals {
  return {
    complete: () => refuse(label, 'complete a turn', 'openai or llamaCpp'),
    choose: () => refuse(label, 'give the probabilities of replies', 'openai or llamaCpp'),
    score: () => refuse(label, 'score', 'pooling, classify, scorePair or tei'),
    embed: () => refuse(label, 'embed a text', 'embeddings'),
  };
}

async function refuse(label: string, what: string, kinds: string): Promise<never> {
  throw new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `${label} cannot ${what}; expected a model of kind ${kinds}`,
  );
}
