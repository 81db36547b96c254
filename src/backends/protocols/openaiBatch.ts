import { z } from 'zod';
import type { OpenDeps, OpenedModel, Protocol } from '../protocol.js';
import { BATCH_UNREACHABLE_MS_DEFAULT } from '../limits.js';
import {
  DIALOGUE_ABILITIES,
  canOf,
  checkDialogue,
  createDialogueModel,
  dialogueIdentity,
  dialogueOptions,
  templateFor,
} from './openai.js';
import { addressOptions, describeServed, loadOptions } from '../server/serverOptions.js';
import { type TemplateConfig, promptTemplate } from '../templates/template.js';

const { timeoutMs, retriesMax } = loadOptions;
const unreachableMs = z
  .int()
  .min(0)
  .max(86_400_000)
  .default(BATCH_UNREACHABLE_MS_DEFAULT)
  .describe('How long the API may be unreachable before the run ends, in milliseconds.');

const openaiBatchOptions = z
  .strictObject({
    ...addressOptions('/batches'),
    ...dialogueOptions,
    requestsPerFileMax: z
      .int()
      .min(1)
      .max(50_000)
      .default(1000)
      .describe(
        'Most requests in one file; its replies must fit into 64 MiB. OpenAI takes 50,000 and 200 MB.',
      ),
    gatherMs: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(5_000)
      .describe('A file that is not full is sent when no new request came for so long, in milliseconds.'),
    pollMs: z
      .int()
      .min(1)
      .max(3_600_000)
      .default(30_000)
      .describe('How often a batch is asked whether it is done, in milliseconds.'),
    ...{ timeoutMs, retriesMax, unreachableMs },
  })
  .refine(({ replicas }) => replicas.length === 1, {
    path: ['replicas'],
    message: 'expected one url: a batch belongs to one account',
  })
  .superRefine(checkDialogue);

type OpenaiBatchOptions = z.output<typeof openaiBatchOptions>;

/** OpenAI's batch API for runs that may take a day: the same requests as of `openai`, in files. */
export const openaiBatch = {
  options: openaiBatchOptions,
  template: promptTemplate,
  abilities: DIALOGUE_ABILITIES,
  describe: (options) => ({
    ...describeServed(options),
    can: canOf(options),
    identity: { openaiBatch: dialogueIdentity(options) },
  }),
  open: openOpenaiBatch,
  // A batch would cost money and take hours.
  probe: probeOpenaiBatch,
} satisfies Protocol<typeof openaiBatchOptions, typeof promptTemplate>;

/** Sends nothing yet. Rejects with ERR_MODEL_LOAD if the key's variable is not set. */
async function openOpenaiBatch(
  name: string,
  options: OpenaiBatchOptions,
  templateConfig: TemplateConfig,
  deps: OpenDeps,
): Promise<OpenedModel> {
  const template = templateFor(options, templateConfig);
  const { createBatchClient } = await import('../batchApi/batchClient.js');
  return createDialogueModel(name, options, template, createBatchClient(name, options, deps));
}

/** Asks for the account's batches and orders none. Rejects as a request of a run would. */
async function probeOpenaiBatch(name: string, options: OpenaiBatchOptions, deps: OpenDeps): Promise<void> {
  const { createBatchApi } = await import('../batchApi/batchApi.js');
  const api = createBatchApi(name, options, deps, new AbortController().signal);
  try {
    await api.probe();
  } finally {
    await api.destroy();
  }
}
