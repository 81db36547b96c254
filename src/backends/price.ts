import { z } from 'zod';

const money = z.number().min(0).max(1e9);

const currency = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9]{0,11}$/,
    'expected the name of a currency: up to 12 letters and digits, as USD or credits',
  );

/** The name of a currency. Amounts of two currencies are never added up. */
export const currencyName = currency;

/**
 * What a model costs. A hosted service counts tokens, and some count requests; servers of one's own cost GPU hours. What is not
 * named costs nothing.
 */
export const priceSchema = z
  .strictObject({
    currency: currency.describe('The currency of all these prices, as USD.'),
    in: money.optional().describe('A million tokens of prompts.'),
    out: money.optional().describe('A million tokens of replies, thoughts included.'),
    cached: money
      .optional()
      .describe(
        'A million tokens of prompts that the service had in its cache, where it says how many; as `in` if absent.',
      ),
    request: money.optional().describe('One request that was answered.'),
    gpuHour: money.optional().describe('One GPU for one hour; needs `gpus` of the model.'),
  })
  .describe(
    'What it costs, for the report, `plan --estimate` and `budget`. A batch API has a price of its own. Decides no row, and may be ' +
      'changed between two starts of a run.',
  );

export type Price = z.output<typeof priceSchema>;

/** Stands beside the protocol of every model. */
export const billing = {
  price: priceSchema.optional(),
  gpus: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      'GPUs that each of its servers holds (of an engine here: all its GPUs), to count GPU hours. Decides no row.',
    ),
};

export interface Billing {
  price?: Price | undefined;
  gpus?: number | undefined;
}

export interface BillingInput {
  price?: z.input<typeof priceSchema> | undefined;
  gpus?: number | undefined;
}

interface Fault {
  /** The keys that lead to the place, under the model's name. */
  path: string[];
  message: string;
}

/** What is wrong with what a model costs beside each value by itself; `writes`: the model writes texts. */
export function billingFaults({ price, gpus }: Billing, writes: boolean): Fault[] {
  if (!price) return [];
  const { in: input, out, cached, request, gpuHour } = price;
  const faults: Fault[] = [];
  const find = (key: string, message: string): void => void faults.push({ path: ['price', key], message });
  if ([input, out, request, gpuHour].every((each) => each === undefined))
    faults.push({
      path: ['price'],
      message: 'found no price, expected `in` and `out`, or `request`, or `gpuHour`; 0 is a price',
    });
  if (gpuHour !== undefined && gpus === undefined)
    find(
      'gpuHour',
      'found a price of a GPU hour, expected `gpus` beside `price` too: the GPUs of each server',
    );
  if (cached !== undefined && input === undefined)
    find('cached', 'found `cached` without `in`, expected both');
  if (writes && (input === undefined) !== (out === undefined)) {
    const [there, missing] = input === undefined ? ['out', 'in'] : ['in', 'out'];
    find(
      there!,
      `found \`${there}\` without \`${missing}\`, expected both: the model reads and writes; 0 is a price`,
    );
  }
  return faults;
}
