import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import type { ScoreItem } from '../model.js';
import type { OpenedModel, Protocol } from '../protocol.js';
import type { HttpReply } from '../http/httpClient.js';
import { dialogueCalls } from './pooling.js';
import {
  SCORES,
  type ScoreReply,
  openScoreModel,
  groupPositions,
  indexedReply,
  readIndexed,
  scoreOptions,
} from './scoreModel.js';
import {
  type ScoreTemplateConfig,
  hasQuestionForm,
  resolveScoreTemplate,
  scoreTemplate,
} from '../templates/scoreTemplate.js';
import type { ServerDeps } from '../server/serverClient.js';
import { listedOptions, checkServers, describeServed, loadOptions } from '../server/serverOptions.js';
import { tokenCount } from '../server/tokenCount.js';
import { type ReplyContext, type Speaks, parseReply } from '../server/readServerReply.js';

/**
 * Reward models and classifiers behind /classify.
 *
 * vLLM (vllm/entrypoints/pooling/classify/protocol.py and serving.py): asked with
 * `{ model, input: [text, …] }` or `{ model, messages }`; answered with
 * `{ data: [{ index, label, probs: [p, …], num_classes }], usage }`. A model of one class, as Skywork-Reward, gives its reward
 * as the one `prob`: through a sigmoid, unless `use_activation` is false (vllm/model_executor/layers/pooler/activations.py).
 *
 * SGLang (python/sglang/srt/entrypoints/http_server.py, /classify; docs, "Reward models"): asked with
 * `{ model, text: [text, …] }`; answered with `[{ embedding: [x, …], meta_info: { prompt_tokens } }, …]`, for one text as
 * well where a list was asked. The numbers are bare, of the last token. Its /v1/classify looks like vLLM's, but takes a softmax
 * over the classes (entrypoints/openai/serving_classify.py), which makes every reward of a model of one class 1: never asked.
 */
const classifyOptions = z
  .strictObject({
    ...listedOptions('/classify'),
    server: z
      .enum(['vllm', 'sglang'])
      .default('vllm')
      .describe('Whose /classify it is; they differ in what they ask and answer.'),
    input: z
      .enum(['messages', 'text'])
      .default('text')
      .describe(
        '`text` sends texts by `template`, several a request; `messages` leaves the template to a vLLM that takes them, ' +
          'one response a request.',
      ),
    classIndex: z
      .int()
      .min(0)
      .default(0)
      .describe('Which of the classes’ numbers is the score, from 0; a reward model has one class.'),
    ...scoreOptions(
      ['model', 'input', 'messages', 'text'],
      32,
      '{ use_activation: false } for vLLM to give the bare logits',
    ),
    ...loadOptions,
  })
  .superRefine(checkServers)
  .refine(({ server, input }) => server === 'vllm' || input === 'text', {
    path: ['input'],
    message: 'expected text: SGLang’s /classify takes no messages',
  });

type ClassifyOptions = z.output<typeof classifyOptions>;

const REPLY = indexedReply({ probs: z.array(z.unknown()) });

const SPEAKS: Speaks = {
  protocol: '/classify',
  base: 'the root of a vLLM or SGLang server (see `server`), with or without /v1',
  besideV1: true,
};

export const classify = {
  options: classifyOptions,
  template: scoreTemplate,
  abilities: { score: '', scoreQuestion: '' },
  describe(options, template) {
    const { model, server, input, classIndex, extra } = options;
    return {
      ...describeServed(options),
      can: SCORES,
      scoresQuestions: input === 'messages' || hasQuestionForm(template),
      identity: { classify: { model, server, input, classIndex, extra } },
    };
  },
  open: openClassify,
} satisfies Protocol<typeof classifyOptions, typeof scoreTemplate>;

async function openClassify(
  name: string,
  options: ClassifyOptions,
  templateConfig: ScoreTemplateConfig,
  deps: ServerDeps,
): Promise<OpenedModel> {
  const protocol =
    options.server === 'vllm'
      ? {
          ...dialogueCalls('/classify', options, templateConfig),
          read: (reply: HttpReply, context: ReplyContext) => readVllm(reply, options.classIndex, context),
        }
      : {
          ...sglangCalls(options, templateConfig),
          read: (reply: HttpReply, context: ReplyContext) => readSglang(reply, options.classIndex, context),
        };
  return openScoreModel(name, options, { speaks: SPEAKS, ...protocol }, deps);
}

function sglangCalls(options: ClassifyOptions, templateConfig: ScoreTemplateConfig) {
  const { model, extra, itemsPerRequestMax } = options;
  const { render, markers } = resolveScoreTemplate(templateConfig);
  const calls = (items: readonly ScoreItem[]) =>
    groupPositions(items, itemsPerRequestMax).map((positions) => {
      const text = positions.map((position) => render(items[position]!));
      return { path: '/classify', positions, body: { model, text, ...extra } };
    });
  return { calls, markers };
}

function readVllm(reply: HttpReply, classIndex: number, context: ReplyContext): ScoreReply {
  const { data, ...usage } = readIndexed(reply, REPLY, context);
  return { ...usage, scores: data.map(({ probs }) => numberAt(probs, classIndex, context)) };
}

const sglangItem = z.object({
  embedding: z.array(z.unknown()),
  meta_info: z.object({ prompt_tokens: z.unknown().optional() }).optional().catch(undefined),
});

function readSglang(reply: HttpReply, classIndex: number, context: ReplyContext): ScoreReply {
  const parsed = parseReply(reply, z.union([z.array(sglangItem), sglangItem]), 'embedding', context);
  const items = Array.isArray(parsed) ? parsed : [parsed];
  return {
    scores: items.map(({ embedding }) => numberAt(embedding, classIndex, context)),
    promptTokens: items.reduce((sum, { meta_info }) => sum + (tokenCount(meta_info?.prompt_tokens) ?? 0), 0),
    completionTokens: 0,
  };
}

/** A class that the model does not have is a mistake in the pipeline, not in the row. */
function numberAt(values: readonly unknown[], index: number, { label }: ReplyContext): unknown {
  if (index < values.length || values.length === 0) return values[index];
  throw new ScaleQuestError(
    'ERR_MODEL_PROTOCOL',
    `${label} gave ${values.length} numbers for one text, so there is no number ${index}; lower classIndex`,
  );
}
