import { join, resolve } from 'node:path';
import { ScaleQuestError } from '../../errors.js';
import { readManifest } from '../../io/runFolder/manifest.js';
import { hasManifest } from '../../io/runFolder/runFolder.js';
import { MANIFEST_FILE } from '../../io/runFolder/runPaths.js';
import { type Chain, type Link, overridesOf, takenBy } from '../../pipeline/chain.js';
import { within } from '../../pipeline/check/rules/checkLinks.js';
import type { Plan } from '../../pipeline/plan.js';
import { filledRemover } from '../../train/environment.js';
import { labelOf } from '../../train/schema.js';
import { type Prepared, prepareOnce, prepareToLaunch } from '../../train/train.js';
import { onceOptions } from './chainProgram.js';
import { planPipeline } from '../plan/planPipeline.js';
import { type SystemWorld, systemWorld } from '../systemWorld.js';
import { linkFolderOf } from '../runFolders.js';

/** What a link would come to now, and what it gives already. A link that would be done gives nothing yet. */
interface LinkState {
  text: string;
  gives: Record<string, string>;
}

/** Tells for each link whether it would be done or skipped, and why. Launches nothing, writes nothing. */
export async function* chainStates(
  chain: Chain,
  world: SystemWorld = systemWorld(),
): AsyncGenerator<{ link: string; text: string }> {
  const given = new Map<string, string>();
  for (const link of chain.links) {
    const { text, gives } = await stateOf(chain, link, given, world);
    for (const [what, path] of Object.entries(gives)) given.set(`${link.name}.${what}`, path);
    yield { link: link.name, text: filledRemover(chain.filled)(text) };
  }
}

async function stateOf(
  chain: Chain,
  link: Link,
  given: ReadonlyMap<string, string>,
  world: SystemWorld,
): Promise<LinkState> {
  const missing = takenBy(link).filter((name) => !given.has(name));
  if (missing.length > 0) {
    const names = missing.map((name) => `{{ ${name} }}`).join(' and ');
    return { text: `would be done; it takes ${names}, which is not there yet`, gives: {} };
  }
  try {
    return link.command
      ? await commandState(chain, link, given, world)
      : await pipelineState(chain, link, given, world);
  } catch (error) {
    if (!(error instanceof ScaleQuestError)) throw error;
    return { text: `would be stopped: ${error.message} [${error.code}]`, gives: {} };
  }
}

async function commandState(
  chain: Chain,
  link: Link,
  given: ReadonlyMap<string, string>,
  world: SystemWorld,
): Promise<LinkState> {
  const prepared = await prepareOnce(await onceOptions(chain, link, given), world.files);
  if (prepared.state === 'finishedBefore') {
    const { output } = prepared.record;
    return { text: `skipped: done with these inputs; ${output}`, gives: { output: resolve(output) } };
  }
  const { again, folder } = prepared;
  const why =
    again !== null
      ? `done before, but ${again}`
      : folder.record
        ? `its last start ended as ${folder.record.state}`
        : 'never done with these inputs';
  return { text: `would be done: ${why}`, gives: {} };
}

async function pipelineState(
  chain: Chain,
  link: Link,
  given: ReadonlyMap<string, string>,
  world: SystemWorld,
): Promise<LinkState> {
  const file = resolve(chain.folder, link.pipeline!);
  const plan = await planPipeline(
    file,
    { set: overridesOf(link, given) },
    world,
    within([resolve(chain.runs)]),
  );
  const path = resolve(await linkFolderOf(plan, join(chain.runs, link.name)));
  if (!(await hasManifest(world.files, path)))
    return { text: `would be done: no run with these settings and inputs; in ${path}`, gives: {} };
  const { commits } = await readManifest(world.files, join(path, MANIFEST_FILE));
  const last = commits.at(-1);
  if (!last?.done)
    return {
      text: `would go on from row ${last?.next ?? 0}, ${last?.kept ?? 0} kept, in ${path}`,
      gives: {},
    };
  const { target } = plan.settings;
  if (target !== undefined && last.kept < target) {
    const text = `would be stopped: its run ended short of its target, ${last.kept} of ${target} rows; ${path}`;
    return { text, gives: {} };
  }
  const { texts, isDue, model } = await trainedState(plan, path, world);
  const gives: LinkState['gives'] = { run: path };
  if (model !== null) gives['model'] = model;
  const text = [`${isDue ? 'would go on' : 'skipped'}: its run is complete`, ...texts, path].join('; ');
  return { text, gives };
}

async function trainedState(
  plan: Plan,
  run: string,
  world: SystemWorld,
): Promise<{ texts: string[]; isDue: boolean; model: string | null }> {
  const { folder, name, settings } = plan;
  const texts: string[] = [];
  let model: string | null = null;
  let isDue = false;
  for (const training of settings.train) {
    const label = labelOf(training);
    const places = { folder, run, name, seed: settings.seed, filled: plan.filled };
    const prepared = await prepareToLaunch(training, places, world.files);
    texts.push(trainingText(label, prepared));
    model = prepared.state === 'finishedBefore' ? resolve(prepared.record.output) : null;
    isDue = prepared.state === 'due';
    if (isDue) break;
  }
  return { texts, isDue, model: model !== null && (await world.files.stat(model)) ? model : null };
}

function trainingText(label: string, prepared: Prepared): string {
  if (prepared.state === 'finishedBefore') return `training ${label} is finished`;
  if (prepared.state === 'notDue') return `training ${label} is not due: ${prepared.reasons.join(', ')}`;
  const { again, folder } = prepared;
  const why =
    again ?? (folder.record ? `its last start ended as ${folder.record.state}` : 'never done on these rows');
  return `training ${label} would be done: ${why}`;
}
