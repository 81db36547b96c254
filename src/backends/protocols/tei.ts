import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import type { ScoreItem } from '../model.js';
import type { OpenedModel, Protocol } from '../protocol.js';
import type { HttpReply } from '../http/httpClient.js';
import { pairOf } from './scorePair.js';
import {
  SCORES,
  type ItemsRequest,
  type ScoreReply,
  openScoreModel,
  groupPositions,
  scoreOptions,
} from './scoreModel.js';
import {
  type ScoreTemplate,
  type ScoreTemplateConfig,
  hasQuestionForm,
  resolveScoreTemplate,
  scoreTemplate,
} from '../templates/scoreTemplate.js';
import { ENCODER_TOKENS } from '../templates/templateMarkers.js';
import { markersOf } from '../../text/markers.js';
import type { ServerDeps } from '../server/serverClient.js';
import { checkServers, describeServed, listedOptions, loadOptions } from '../server/serverOptions.js';
import { serverWords } from '../server/serverError.js';
import { type ReplyContext, type Speaks, parseReply } from '../server/readServerReply.js';

const { serve: _, ...teiLoadOptions } = loadOptions;

/**
 * Classifiers and re-rankers behind Hugging Face's text-embeddings-inference.
 *
 * Protocol (router/src/http/types.rs of text-embeddings-inference):
 * - /predict: asked with `{ inputs: [[text], …] }` or `{ inputs: [[question, response], …] }`; answered with
 *   `[[{ score, label }, …], …]`, one list an input;
 * - /rerank: asked with `{ query, texts }`; answered with `[{ index, score }, …]`, the best first.
 * Both take `raw_scores` and `truncate`, and at most --max-client-batch-size inputs (32). One server has one model, so its
 * name is not sent. Its metrics page shows only the queue (te_queue_size, core/src/queue.rs), so `slots` steers the limit.
 */
const teiOptions = z
  .strictObject({
    ...listedOptions('/predict'),
    input: z
      .enum(['pair', 'text', 'rerank'])
      .default('pair')
      .describe(
        '`pair` sends question and response apart to /predict; `text` sends them to it as one text by `template`; `rerank` ' +
          'sends the question once with its responses to /rerank.',
      ),
    label: z
      .string()
      .min(1)
      .optional()
      .describe('The label of /predict whose score counts; needed where the model has more than one.'),
    ...scoreOptions(
      ['inputs', 'query', 'texts', 'return_text'],
      32,
      '{ raw_scores: true } for the bare logits, { truncate: true } to cut long texts',
    ),
    ...teiLoadOptions,
  })
  .superRefine(checkServers);

type TeiOptions = z.output<typeof teiOptions>;

const SPEAKS: Speaks = {
  protocol: 'text-embeddings-inference',
  base: 'the root of its server, with or without /v1',
  besideV1: true,
};

export const tei = {
  options: teiOptions,
  template: scoreTemplate,
  abilities: { score: '', scoreQuestion: 'with `input: text`' },
  describe(options, template) {
    const { model, input, label, extra } = options;
    return {
      ...describeServed(options),
      can: SCORES,
      scoresQuestions: input === 'text' && hasQuestionForm(template),
      identity: { tei: { model, input, label, extra } },
    };
  },
  open: openTei,
} satisfies Protocol<typeof teiOptions, typeof scoreTemplate>;

async function openTei(
  name: string,
  options: TeiOptions,
  templateConfig: ScoreTemplateConfig,
  deps: ServerDeps,
): Promise<OpenedModel> {
  const template =
    options.input === 'text' ? resolveScoreTemplate(templateConfig, ENCODER_TOKENS) : undefined;
  const markers = template?.markers ?? markersOf({ tokens: ENCODER_TOKENS });
  const protocol =
    options.input === 'rerank'
      ? { calls: (items: readonly ScoreItem[]) => rerankCalls(items, name, options), read: readRerank }
      : {
          calls: (items: readonly ScoreItem[]) => predictCalls(items, name, options, template),
          read: (reply: HttpReply, context: ReplyContext) => readPredict(reply, options.label, context),
        };
  return openScoreModel(name, options, { speaks: SPEAKS, markers, ...protocol }, deps);
}

function predictCalls(
  items: readonly ScoreItem[],
  name: string,
  { extra, itemsPerRequestMax }: TeiOptions,
  template: ScoreTemplate | undefined,
): ItemsRequest[] {
  return groupPositions(items, itemsPerRequestMax).map((positions) => {
    const inputs = positions.map((position) => {
      const item = items[position]!;
      return template ? [template.render(item)] : pairOf(item, name);
    });
    return { path: '/predict', positions, body: { inputs, ...extra } };
  });
}

/** A request has one query, so the items of one question go together. */
function rerankCalls(
  items: readonly ScoreItem[],
  name: string,
  { extra, itemsPerRequestMax }: TeiOptions,
): ItemsRequest[] {
  const byQuery = new Map<string, number[]>();
  for (const [position, { user }] of items.entries())
    byQuery.set(user, [...(byQuery.get(user) ?? []), position]);
  return [...byQuery].flatMap(([query, all]) =>
    groupPositions(all, itemsPerRequestMax).map((group) => {
      const positions = group.map((at) => all[at]!);
      const texts = positions.map((position) => pairOf(items[position]!, name)[1]);
      return { path: '/rerank', positions, body: { query, texts, ...extra } };
    }),
  );
}

const predictReply = z.array(z.array(z.object({ score: z.unknown().optional(), label: z.string() })));

function readPredict(reply: HttpReply, label: string | undefined, context: ReplyContext): ScoreReply {
  const predictions = parseReply(reply, predictReply, 'score and label', context);
  return { scores: predictions.map((one) => scoreOf(one, label, context)), ...NO_USAGE };
}

function scoreOf(
  predictions: readonly { score?: unknown; label: string }[],
  label: string | undefined,
  context: ReplyContext,
): unknown {
  const found = label === undefined ? predictions : predictions.filter((one) => one.label === label);
  if (found.length === 1) return found[0]!.score;
  const labels = serverWords(predictions.map((one) => one.label).join(', '), context.apiKey, 300);
  throw new ScaleQuestError(
    'ERR_MODEL_PROTOCOL',
    `${context.label} gave scores for the labels ${labels || '(none)'}; name one of them in \`label\``,
  );
}

const rerankReply = z.array(z.object({ index: z.int().min(0), score: z.unknown().optional() }));

function readRerank(reply: HttpReply, context: ReplyContext): ScoreReply {
  const ranks = parseReply(reply, rerankReply, 'index and score', context);
  const ordered = ranks.toSorted((a, b) => a.index - b.index);
  return { scores: ordered.map(({ score }) => score), ...NO_USAGE };
}

/** TEI counts tokens in headers alone. */
const NO_USAGE = { promptTokens: 0, completionTokens: 0 };
