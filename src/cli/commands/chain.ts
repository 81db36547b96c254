import type { Chain } from '../../pipeline/chain.js';
import { ScaleQuestError } from '../../errors.js';
import { type CommandSpec, type ProgressFlags, declareProgress } from '../command.js';
import { filledRemover } from '../../train/environment.js';
import { openOutput } from '../show/terminal.js';
import { type WatchFlags, declareWatchers, openWatchers } from '../watchers.js';

export const chainCommand: CommandSpec = {
  name: 'chain',
  summary: 'Do the links of a chain file one after the other; what is done already is skipped.',
  declare: (command) =>
    declareWatchers(declareProgress(command))
      .argument('<chain>', 'a chain file (YAML)')
      .option('--dry-run', 'say which links would be done or skipped, and why; do nothing'),
  action: chainFile,
};

interface ChainFlags extends ProgressFlags, WatchFlags {
  dryRun?: boolean;
}

/** Does the links of a chain file one after the other; what is done for the same inputs already is skipped. */
async function chainFile(file: string, { dryRun = false, progress, ...flags }: ChainFlags): Promise<void> {
  const { planChain } = await import('../../run/plan/planPipeline.js');
  const found = await planChain(file, undefined, { loadsModules: !dryRun });
  if (!found) throw noChain(file);
  if (dryRun) return printStates(found.chain);
  const { runChain } = await import('../../run/chain/runChain.js');
  const { showRun } = await import('../show/run/showRun.js');
  const { showTraining } = await import('../show/showTraining.js');
  const { eventPrinter } = await import('../show/run/eventLine.js');
  const { followLinks } = await import('../../run/chain/chainLinks.js');
  const { filled } = found.chain;
  const output = await openOutput(progress);
  const print = output.mode === 'json' ? eventPrinter(filled) : null;
  const watchers = await openWatchers(flags);
  const shown = showTraining(output);
  try {
    const chain = runChain(found.chain, watchers.signal, undefined, watchers.calls);
    followLinks(chain, watchers.follow);
    const { events, result } = chain;
    let showing: Promise<unknown> = Promise.resolve();
    events.subscribe((event) => {
      if (event.event === 'linkRuns') {
        const { link, run } = event;
        print?.({ event: 'linkRuns', link, folder: run.folder });
        showing = showRun(run, output, { link });
      } else if (print) print(event);
      else if (event.event === 'linkStarted')
        process.stdout.write(`\n== ${event.link}, link ${event.number} of ${event.links}\n`);
      else if (event.event !== 'linkFinished') shown.show(event);
    });
    // A link and its chain fail with the same error, which is reported once.
    await Promise.allSettled([result]);
    await showing.catch(() => {});
    const given = await result;
    if (!print) printDone(found.chain, given);
    await watchers.stay();
  } finally {
    shown.stop();
    await watchers.close();
  }
}

function printDone({ name, filled }: Chain, given: ReadonlyMap<string, string>): void {
  const clean = filledRemover(filled);
  process.stdout.write(`\nThe chain ${name} is done.\n`);
  for (const [link, path] of given) process.stdout.write(`  ${link}  ${clean(path)}\n`);
}

/** Tells for each link whether it would be done or skipped, and why. Launches nothing, writes nothing. */
async function printStates(checked: Chain): Promise<void> {
  const { chainStates } = await import('../../run/chain/chainStates.js');
  for await (const { link, text } of chainStates(checked)) process.stdout.write(`${link}: ${text}\n`);
}

function noChain(file: string): ScaleQuestError {
  const message = `${file} has no links, expected a chain of pipelines; \`scalequest run\` runs one pipeline`;
  return new ScaleQuestError('ERR_PIPELINE_INVALID', message, { at: { file } });
}
