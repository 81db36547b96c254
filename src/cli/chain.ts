import { join, resolve } from 'node:path';
import { ScaleQuestError } from '../errors.js';
import { systemClock } from '../clock.js';
import { nodeFiles } from '../io/files/files.js';
import { lockRunFolder } from '../io/run/runLock.js';
import { type Chain, type Link, overridesOf } from '../pipeline/chain.js';
import { launchOnce } from '../train/train.js';
import { onceOptions } from '../run/chainProgram.js';
import { printStates } from './chainStates.js';
import { loadChain, loadPlan } from '../run/load.js';
import { signalOnInterrupt } from './interrupt.js';
import { runPlan } from './run.js';
import { linkFolderOf } from '../run/runFolders.js';
import { resultLine, trainingWorld } from './train.js';

/** Does the links of a chain file one after the other; what is done for the same inputs already is skipped. */
export async function chainCommand(file: string, { dryRun = false }: { dryRun?: boolean }): Promise<void> {
  const found = await loadChain(file, process.env);
  if (!found) throw noChain(file);
  const { chain } = found;
  if (dryRun) return printStates(chain);
  const given = new Map<string, string>();
  for (const [index, link] of chain.links.entries()) {
    process.stdout.write(`\n== ${link.name}, link ${index + 1} of ${chain.links.length}\n`);
    const gives = link.command
      ? await runCommandLink(chain, link, given)
      : await runPipeline(chain, link, given);
    for (const [what, path] of Object.entries(gives)) given.set(`${link.name}.${what}`, path);
  }
  process.stdout.write(`\nThe chain ${chain.name} is done.\n`);
  for (const [name, path] of given) process.stdout.write(`  ${name}  ${path}\n`);
}

function noChain(file: string): ScaleQuestError {
  const message = `${file} has no links, expected a chain of pipelines; \`scalequest run\` runs one pipeline`;
  return new ScaleQuestError('ERR_PIPELINE_INVALID', message, { at: { file } });
}

async function runPipeline(
  chain: Chain,
  link: Link,
  given: ReadonlyMap<string, string>,
): Promise<Record<string, string>> {
  const plan = await loadPlan(resolve(chain.folder, link.pipeline!), overridesOf(link, given), process.env);
  const path = await linkFolderOf(plan, join(chain.runs, link.name));
  const { isShort, trained } = await runPlan(plan, path);
  if (isShort)
    throw new ScaleQuestError('ERR_CHAIN_LINK', `the link ${link.name} ended short of its target, see above`);
  const last = trained.at(-1);
  const run = resolve(path);
  if (!last || last.state === 'notDue') return { run };
  // A training whose command does not name its output may have left none there.
  const model = resolve(last.record.output);
  return (await nodeFiles.stat(model)) ? { run, model } : { run };
}

async function runCommandLink(
  chain: Chain,
  link: Link,
  given: ReadonlyMap<string, string>,
): Promise<Record<string, string>> {
  const { name } = link;
  const options = await onceOptions(chain, link, given);
  await nodeFiles.mkdir(options.run);
  const lock = await lockRunFolder(nodeFiles, options.run, systemClock.sleep);
  const { signal, dispose } = signalOnInterrupt();
  const { world, stop } = trainingWorld(signal, chain.filled, 'link');
  try {
    const result = await launchOnce(options, world);
    stop();
    process.stdout.write(`${resultLine(`link ${name}`, result, 'output')}\n`);
    return { output: resolve(result.record.output) };
  } finally {
    stop();
    dispose();
    await lock.release().catch(() => {});
  }
}
