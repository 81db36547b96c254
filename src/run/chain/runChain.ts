import { join, resolve } from 'node:path';
import { type Observable, Subject } from 'rxjs';
import { ScaleQuestError } from '../../errors.js';
import { lockRunFolder } from '../../io/runFolder/runLock.js';
import { type Chain, type Link, overridesOf } from '../../pipeline/chain.js';
import { filledRemoved, filledRemover, withoutFilled } from '../../train/environment.js';
import { launchOnce } from '../../train/train.js';
import { onceOptions } from './chainProgram.js';
import type { Emit, TrainingEvent } from '../events.js';
import { planToRun } from '../plan/planPipeline.js';
import { linkFolderOf } from '../runFolders.js';
import { type PipelineRun, startRun } from '../runPipeline.js';
import { type SystemWorld, systemWorld } from '../systemWorld.js';
import { trainingWorld } from '../trainPipeline.js';

/** What happens in a chain. The events of a pipeline are those of its `run`; those of a program come here. */
export type ChainEvent = LinkStartedEvent | LinkRunsEvent | TrainingEvent | LinkFinishedEvent;

/** A link begins. */
export interface LinkStartedEvent {
  /** Tells the events apart. */
  event: 'linkStarted';
  /** The name of the link. */
  link: string;
  /** Its number, from 1. */
  number: number;
  /** How many links the chain has. */
  links: number;
}

/** The link is a pipeline. */
export interface LinkRunsEvent {
  /** Tells the events apart. */
  event: 'linkRuns';
  /** The name of the link. */
  link: string;
  /** Its run, with events of its own. */
  run: PipelineRun;
}

/** A link is done. */
export interface LinkFinishedEvent {
  /** Tells the events apart. */
  event: 'linkFinished';
  /** The name of the link. */
  link: string;
  /** What later links may take, as `{ run: …, model: … }`: paths. */
  gives: Readonly<Record<string, string>>;
}

/** A chain that has begun. */
export interface ChainRun {
  /** The checked chain. */
  chain: Chain;
  /** Completes when the chain has ended. Late subscribers miss what was before. */
  events: Observable<ChainEvent>;
  /** What the links gave: `qft.model` → a path. Rejects with what ended the first link that failed. */
  result: Promise<ReadonlyMap<string, string>>;
}

/**
 * Does the links of a checked chain one after the other; what is done for the same inputs already is skipped. `callShare` is the option
 * `calls` of its runs.
 */
export function runChain(
  chain: Chain,
  signal: AbortSignal = new AbortController().signal,
  world: SystemWorld = systemWorld(),
  callShare?: number,
): ChainRun {
  const events = new Subject<ChainEvent>();
  const emit: Emit<ChainEvent> = (event) => events.next(event);
  const result = withoutFilled(
    new Promise<void>((begin) => setImmediate(begin)).then(() =>
      runLinks(chain, { ...world, signal, emit, callShare }),
    ),
    chain.filled,
  ).finally(() => events.complete());
  return { chain, events, result };
}

interface ChainWorld extends SystemWorld {
  signal: AbortSignal;
  emit: Emit<ChainEvent>;
  callShare: number | undefined;
}

async function runLinks(chain: Chain, world: ChainWorld): Promise<ReadonlyMap<string, string>> {
  const given = new Map<string, string>();
  for (const [index, link] of chain.links.entries()) {
    const { name } = link;
    world.emit({ event: 'linkStarted', link: name, number: index + 1, links: chain.links.length });
    const gives = link.command
      ? await runCommandLink(chain, link, given, world)
      : await runPipelineLink(chain, link, given, world);
    for (const [what, path] of Object.entries(gives)) given.set(`${name}.${what}`, path);
    world.emit({ event: 'linkFinished', link: name, gives });
  }
  return given;
}

async function runPipelineLink(
  chain: Chain,
  link: Link,
  given: ReadonlyMap<string, string>,
  world: ChainWorld,
): Promise<Record<string, string>> {
  const set = overridesOf(link, given);
  const plan = await planToRun(resolve(chain.folder, link.pipeline!), { set }, world);
  const folder = await linkFolderOf(plan, join(chain.runs, link.name));
  const run = startRun(plan, folder, world.signal, world, false, undefined, world.callShare);
  world.emit({ event: 'linkRuns', link: link.name, run });
  const { isShort, trained } = await run.result;
  if (isShort)
    throw new ScaleQuestError('ERR_CHAIN_LINK', `the link ${link.name} ended short of its target, see above`);
  const last = trained.at(-1);
  const path = resolve(folder);
  if (!last || last.state === 'notDue') return { run: path };
  // If the command of a training does not name its output, there may be none.
  const model = resolve(last.record.output);
  return (await world.files.stat(model)) ? { run: path, model } : { run: path };
}

async function runCommandLink(
  chain: Chain,
  link: Link,
  given: ReadonlyMap<string, string>,
  world: ChainWorld,
): Promise<Record<string, string>> {
  const { files, clock, emit } = world;
  const options = await onceOptions(chain, link, given);
  await files.mkdir(options.run);
  const lock = await lockRunFolder(files, options.run, clock.sleep);
  try {
    const result = await launchOnce(options, trainingWorld(world, chain.filled, 'command', link.name));
    const shown = filledRemoved(result, filledRemover(chain.filled));
    emit({ event: 'trainingEnded', kind: 'command', label: link.name, result: shown });
    return { output: resolve(result.record.output) };
  } finally {
    await lock.release().catch(() => {});
  }
}
