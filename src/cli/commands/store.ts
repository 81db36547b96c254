import { ScaleQuestError } from '../../errors.js';
import type { ReplyPrune } from '../../run/open/replyStore.js';
import type { CommandSpec } from '../command.js';

export const storeCommand: CommandSpec = {
  name: 'store',
  summary: 'Show the store of model replies, with the hit rate of each run; prune or export it.',
  declare: (command) =>
    command
      .argument('[folder]', 'the store; runs/.store if absent')
      .option('--prune-run <name>', 'remove the replies that a run paid for')
      .option('--prune-older-than <age>', 'remove replies by age, as 30d, 12h or 90m')
      .option('--prune-damaged', 'remove what cannot be read, so that it is asked again')
      .option('--export <file>', 'write every reply to a Parquet file, before anything is removed'),
  action: showStore,
};

interface StoreFlags {
  pruneRun?: string;
  pruneOlderThan?: string;
  pruneDamaged?: boolean;
  export?: string;
}

/** Shows a store, prunes it or writes it to a Parquet file. */
async function showStore(folder: string | undefined, flags: StoreFlags): Promise<void> {
  const { DEFAULT_STORE, describeReplies, exportReplies, pruneReplies } =
    await import('../../run/open/replyStore.js');
  const { printStoreSummary } = await import('../show/storeSummary.js');
  const path = folder ?? DEFAULT_STORE;
  const prunes = prunesOf(flags);
  // The export comes first, so that it holds what is about to be removed.
  if (flags.export !== undefined) {
    const replies = await exportReplies(path, flags.export);
    process.stdout.write(`${replies} replies written to ${flags.export}\n`);
  }
  for (const prune of prunes) {
    const { blocks, replies } = await pruneReplies(path, prune);
    process.stdout.write(`${replies} replies removed, in ${blocks} block${blocks === 1 ? '' : 's'}\n`);
  }
  process.stdout.write(`${printStoreSummary(path, await describeReplies(path))}\n`);
}

function prunesOf({ pruneRun, pruneOlderThan, pruneDamaged }: StoreFlags): ReplyPrune[] {
  return [
    ...(pruneRun === undefined ? [] : [{ run: pruneRun }]),
    ...(pruneOlderThan === undefined ? [] : [{ beforeMs: Date.now() - ageMs(pruneOlderThan) }]),
    ...(pruneDamaged ? [{ damaged: true } as const] : []),
  ];
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

function ageMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count && unit) return Number(count) * UNIT_MS.get(unit)!;
  throw new ScaleQuestError(
    'ERR_USAGE',
    `found --prune-older-than ${text}, expected a number of days, hours or minutes: 30d, 12h, 90m`,
  );
}
