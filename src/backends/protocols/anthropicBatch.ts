import { z } from 'zod';
import { batchOptions, checkAccount, sizeOption } from '../batchApi/batchOptions.js';
import type { OpenDeps, OpenedModel, Protocol } from '../protocol.js';
import { addressOptions, describeServed } from '../server/serverOptions.js';
import {
  CAN,
  MESSAGES_ABILITIES,
  createMessagesModel,
  messagesHold,
  messagesIdentity,
  messagesOptions,
} from './anthropic.js';

const anthropicBatchOptions = z
  .strictObject({
    ...addressOptions('/messages/batches'),
    ...messagesOptions,
    requestsPerBatchMax: sizeOption('batch', 100_000, 'Anthropic takes 100,000 and 256 MB.'),
    waitForRunning: z
      .boolean()
      .default(true)
      .describe(
        'Whether a run first waits for the batches of the workspace that run already: their results alone tell whether a ' +
          'killed run has ordered them. With false they are not looked at, and what they hold may be paid for twice.',
      ),
    ...batchOptions,
  })
  .superRefine(checkAccount);

type AnthropicBatchOptions = z.output<typeof anthropicBatchOptions>;

/** Anthropic's Message Batches API for runs that may take a day: the same requests as of `anthropic`, in batches. */
export const anthropicBatch = {
  options: anthropicBatchOptions,
  template: null,
  abilities: MESSAGES_ABILITIES,
  describe: (options) => ({
    ...describeServed(options),
    can: CAN,
    holds: messagesHold(options),
    identity: { anthropicBatch: messagesIdentity(options) },
  }),
  open: openAnthropicBatch,
  // A batch would cost money and take hours.
  probe: probeAnthropicBatch,
} satisfies Protocol<typeof anthropicBatchOptions, null>;

/** Sends nothing yet. Rejects with ERR_MODEL_LOAD if the key's variable is not set. */
async function openAnthropicBatch(
  name: string,
  options: AnthropicBatchOptions,
  _template: undefined,
  deps: OpenDeps,
): Promise<OpenedModel> {
  const { createBatchClient } = await import('../batchApi/batchClient.js');
  const { anthropicBatches } = await import('../batchApi/anthropicBatches.js');
  return createMessagesModel(name, options, createBatchClient(name, options, anthropicBatches, deps));
}

async function probeAnthropicBatch(
  name: string,
  options: AnthropicBatchOptions,
  deps: OpenDeps,
): Promise<void> {
  const { probeBatches } = await import('../batchApi/batchApi.js');
  const { anthropicBatches } = await import('../batchApi/anthropicBatches.js');
  await probeBatches(name, options, anthropicBatches, deps);
}
