import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import type { ScoreItem } from '../model.js';
import type { OpenedModel, Protocol } from '../protocol.js';
import {
  SCORES,
  type ScoreProtocol,
  openScoreModel,
  groupPositions,
  indexedReply,
  readIndexed,
  scoreOptions,
} from './scoreModel.js';
import { ENCODER_TOKENS } from '../templates/templateMarkers.js';
import { markersOf } from '../../text/markers.js';
import type { ServerDeps } from '../server/serverClient.js';
import { listedOptions, checkServers, describeServed, loadOptions } from '../server/serverOptions.js';
import type { Speaks } from '../server/readServerReply.js';

/**
 * Cross-encoders behind vLLM's /score: the question and the response as a pair.
 *
 * Protocol (vllm/entrypoints/pooling/scoring/protocol.py): asked with `{ model, text_1: [question, …], text_2: [response, …] }`,
 * pair by pair; answered with `{ data: [{ index, score }], usage }`. SGLang's /v1/score is another thing: the probabilities of
 * given tokens (`query`, `items`, `label_token_ids`; entrypoints/openai/serving_score.py).
 */
const scorePairOptions = z
  .strictObject({
    ...listedOptions('/score'),
    ...scoreOptions(
      ['model', 'text_1', 'text_2', 'data_1', 'data_2', 'queries', 'documents', 'items'],
      32,
      '{ use_activation: false } for vLLM to give the bare logit',
    ),
    ...loadOptions,
  })
  .superRefine(checkServers);

type ScorePairOptions = z.output<typeof scorePairOptions>;

const REPLY = indexedReply({ score: z.unknown().optional() });

const SPEAKS: Speaks = {
  protocol: 'vLLM’s /score',
  base: 'the root of a vLLM server of a cross-encoder, with or without /v1',
  besideV1: true,
};

export const scorePair = {
  options: scorePairOptions,
  template: null,
  abilities: { score: '' },
  describe(options) {
    const { model, extra } = options;
    return { ...describeServed(options), can: SCORES, identity: { scorePair: { model, extra } } };
  },
  open: (name, options, _template, deps) => openScorePair(name, options, deps),
} satisfies Protocol<typeof scorePairOptions, null>;

async function openScorePair(
  name: string,
  options: ScorePairOptions,
  deps: ServerDeps,
): Promise<OpenedModel> {
  const { model, extra, itemsPerRequestMax } = options;
  const protocol: ScoreProtocol = {
    speaks: SPEAKS,
    markers: markersOf({ tokens: ENCODER_TOKENS }),
    calls: (items) =>
      groupPositions(items, itemsPerRequestMax).map((positions) => {
        const pairs = positions.map((position) => pairOf(items[position]!, name));
        const [users, assistants] = [pairs.map(([user]) => user), pairs.map(([, assistant]) => assistant)];
        return { path: '/score', positions, body: { model, text_1: users, text_2: assistants, ...extra } };
      }),
    read(reply, context) {
      const { data, ...usage } = readIndexed(reply, REPLY, context);
      return { ...usage, scores: data.map(({ score }) => score) };
    },
  };
  return openScoreModel(name, options, protocol, deps);
}

/** Throws ERR_PIPELINE_MODEL for a question alone: there is nothing to compare it with. */
export function pairOf({ user, assistant }: ScoreItem, name: string): [string, string] {
  if (assistant !== null) return [user, assistant];
  throw new ScaleQuestError(
    'ERR_PIPELINE_MODEL',
    `model ${name} scores pairs of a question and a response, and was given a question alone; expected a response ` +
      'beside each question, or a model that scores questions alone',
  );
}
