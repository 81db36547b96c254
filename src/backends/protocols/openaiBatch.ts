import { z } from 'zod';
import type { OpenDeps, OpenedModel, Protocol } from '../protocol.js';
import { batchOptions, checkAccount, sizeOption } from '../batchApi/batchOptions.js';
import {
  DIALOGUE_ABILITIES,
  canOf,
  checkDialogue,
  createDialogueModel,
  dialogueIdentity,
  dialogueOptions,
  dialogueHold,
} from './openai.js';
import { addressOptions, describeServed } from '../server/serverOptions.js';
import { type TemplateConfig, promptTemplate, resolveTemplate } from '../templates/template.js';

const openaiBatchOptions = z
  .strictObject({
    ...addressOptions('/batches'),
    ...dialogueOptions,
    requestsPerFileMax: sizeOption('file', 50_000, 'OpenAI takes 50,000 and 200 MB.'),
    ...batchOptions,
  })
  .superRefine(checkAccount)
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
    holds: dialogueHold(options),
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
  const template = resolveTemplate(templateConfig);
  const { requestsPerFileMax: requestsPerBatchMax } = options;
  const { createBatchClient } = await import('../batchApi/batchClient.js');
  const { openaiBatches } = await import('../batchApi/openaiBatches.js');
  const client = createBatchClient(name, { ...options, requestsPerBatchMax }, openaiBatches, deps);
  return createDialogueModel(name, options, template, client);
}

async function probeOpenaiBatch(name: string, options: OpenaiBatchOptions, deps: OpenDeps): Promise<void> {
  const { probeBatches } = await import('../batchApi/batchApi.js');
  const { openaiBatches } = await import('../batchApi/openaiBatches.js');
  await probeBatches(name, options, openaiBatches, deps);
}
