import { z } from 'zod';
import { ScaleQuestError } from '../../errors.js';
import type { ScoreItem } from '../model.js';
import type { OpenedModel, Protocol } from '../protocol.js';
import {
  SCORES,
  STEP_SCORES,
  type ScoreProtocol,
  openScoreModel,
  groupPositions,
  indexedReply,
  readIndexed,
  scoreOptions,
} from './scoreModel.js';
import { stepProtocol } from './stepScores.js';
import {
  type ScoreTemplateConfig,
  hasQuestionForm,
  messagesOf,
  resolveScoreTemplate,
  scoreTemplate,
} from '../templates/scoreTemplate.js';
import type { ServerDeps } from '../server/serverClient.js';
import { listedOptions, checkServers, describeServed, loadOptions } from '../server/serverOptions.js';
import type { Speaks } from '../server/readServerReply.js';

/**
 * Scalar reward models behind vLLM's /pooling, InternLM2-7B-Reward among them.
 *
 * Protocol (vllm/entrypoints/pooling/pooling/protocol.py and base/protocol.py; examples/pooling/reward):
 * asked with `{ model, input: [text, …] }` or `{ model, messages }`, one dialogue a request; answered with
 * `{ data: [{ index, data }], usage }`, where `data` is one number in a list (sequence rewards, as of Skywork-Reward), or
 * such a list for each token (token rewards, as of InternLM2 and Qwen2.5-Math-RM; docs/models/pooling_models/reward.md): then
 * the last token's is the reward. That is the right token only if the text ends as in training: `messages` ends where the
 * chat template ends (add_generation_prompt is false), `text` where `template` does; see `internlm2-reward` there.
 *
 * vLLM passes a single number through a sigmoid unless `use_activation` is false (layers/pooler/activations.py,
 * PoolerClassify): the order stays, far apart rewards come close.
 *
 * Process reward models (Qwen2.5-Math-PRM) give the probabilities of two classes for each `<extra_0>` after a step: see
 * `stepScores.ts`. Without `stepToken` they are refused.
 */
const poolingOptions = z
  .strictObject({
    ...listedOptions('/pooling'),
    input: z
      .enum(['messages', 'text'])
      .default('messages')
      .describe(
        '`messages` leaves the template to the server, one response a request; `text` sends texts by `template`, several ' +
          'a request.',
      ),
    stepToken: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Of a process reward model: the token behind each step at which it gives its number, as "<extra_0>" of Qwen2.5-Math-PRM. The ' +
          'model then scores steps (`scoreReward` with `method: steps`), and nothing else.',
      ),
    classIndex: z
      .int()
      .min(0)
      .optional()
      .describe('With `stepToken`: which class’s probability is the score of a step, from 0; 1 if absent.'),
    ...scoreOptions(
      ['model', 'input', 'messages', 'encoding_format', 'dimensions'],
      32,
      '{ use_activation: false } for vLLM to give the bare logit',
    ),
    ...loadOptions,
  })
  .superRefine(checkServers)
  .refine(({ stepToken, classIndex }) => stepToken !== undefined || classIndex === undefined, {
    path: ['classIndex'],
    message: 'expected `stepToken` beside it: only the scores of steps have classes here',
  })
  .refine(({ model, input, extra }) => input === 'text' || 'chat_template' in extra || !isInternlm2(model), {
    path: ['input'],
    message:
      'expected text, with template: internlm2-reward beside pooling: the chat template of InternLM2’s reward models leaves ' +
      'out the <|reward|> token at which the reward stands',
  });

/** Judges by the published name. A server may know the model by another one. */
function isInternlm2(model: string): boolean {
  return /internlm2[^/]*-reward/i.test(model);
}

type PoolingOptions = z.output<typeof poolingOptions>;

const REPLY = indexedReply({ data: z.array(z.unknown()) });

const SPEAKS: Speaks = {
  protocol: 'vLLM’s /pooling',
  base: 'the root of a vLLM server of a pooling model, with or without /v1',
  besideV1: true,
};

export const pooling = {
  options: poolingOptions,
  template: scoreTemplate,
  abilities: { score: '', scoreQuestion: '', scoreSteps: 'with `stepToken`' },
  describe(options, template) {
    const { model, input, extra, stepToken, classIndex } = options;
    const isProcess = stepToken !== undefined;
    return {
      ...describeServed(options),
      can: isProcess ? STEP_SCORES : SCORES,
      scoresQuestions: !isProcess && (input === 'messages' || hasQuestionForm(template)),
      identity: { pooling: { model, input, extra, ...(isProcess && { stepToken, classIndex }) } },
    };
  },
  open: openPooling,
} satisfies Protocol<typeof poolingOptions, typeof scoreTemplate>;

async function openPooling(
  name: string,
  options: PoolingOptions,
  templateConfig: ScoreTemplateConfig,
  deps: ServerDeps,
): Promise<OpenedModel> {
  const dialogues = dialogueCalls('/pooling', options, templateConfig);
  const { stepToken, classIndex } = options;
  if (stepToken !== undefined) {
    const steps = stepProtocol(dialogues, { stepToken, classIndex, speaks: SPEAKS });
    return openScoreModel(name, options, steps, deps);
  }
  const protocol: ScoreProtocol = {
    speaks: SPEAKS,
    ...dialogues,
    read(reply, context) {
      const { data, ...usage } = readIndexed(reply, REPLY, context);
      return { ...usage, scores: data.map((item) => lastScalar(item.data, context.label)) };
    },
  };
  return openScoreModel(name, options, protocol, deps);
}

/** Requests that take messages, one dialogue each, or texts: vLLM's /pooling and /classify. */
export function dialogueCalls(
  path: string,
  options: Pick<PoolingOptions, 'model' | 'input' | 'itemsPerRequestMax' | 'extra'>,
  templateConfig: ScoreTemplateConfig,
): Pick<ScoreProtocol, 'calls' | 'markers'> {
  const { model, input, extra, itemsPerRequestMax } = options;
  if (input === 'messages') {
    const calls = (items: readonly ScoreItem[]) =>
      items.map((item, position) => ({
        ...{ path, positions: [position], body: { model, messages: messagesOf(item), ...extra } },
      }));
    return { calls };
  }
  const { render, markers } = resolveScoreTemplate(templateConfig);
  const calls = (items: readonly ScoreItem[]) =>
    groupPositions(items, itemsPerRequestMax).map((positions) => {
      const texts = positions.map((position) => render(items[position]!));
      return { path, positions, body: { model, input: texts, ...extra } };
    });
  return { calls, markers };
}

/** `[x]`, or `[[x], …, [x]]` of which the last counts. */
function lastScalar(data: readonly unknown[], label: string): unknown {
  const last = Array.isArray(data.at(-1)) ? (data.at(-1) as unknown[]) : data;
  if (last.length <= 1) return last[0];
  throw new ScaleQuestError(
    'ERR_MODEL_PROTOCOL',
    `${label} gave ${last.length} numbers for one text, expected one; is it a scalar reward model? A process reward ` +
      'model needs `stepToken`, a classifier belongs to kind classify, an embedding model to kind embeddings',
  );
}
