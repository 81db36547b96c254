import { join } from 'node:path';
import { type Observable, filter } from 'rxjs';
import type { ModelStats } from '../../backends/model.js';
import type { Chain } from '../../pipeline/chain.js';
import type { Plan } from '../../pipeline/plan.js';
import type { RunEvent, TrainingEvent } from '../events.js';
import type { ChainEvent, ChainRun } from './runChain.js';

/** What monitors and pages follow: the run of a pipeline, trainings on a finished run, or the program of a link. */
export interface FollowedWork {
  plan: FollowedPlan;
  folder: string;
  events: Observable<RunEvent>;
  /** The counters of each model now; absent where nothing asks a model. */
  stats?: () => Readonly<Record<string, ModelStats>>;
  /** Rejects with whatever ended it. */
  result: Promise<unknown>;
}

/** What of a plan those who follow a run need. */
export type FollowedPlan = Pick<Plan, 'name' | 'filled' | 'steps' | 'models'> & {
  settings: Partial<Pick<Plan['settings'], 'seed' | 'target'>>;
};

/** Where a chain is. */
export interface ChainPlace {
  /** Its name. */
  chain: string;
  /** The name of the link that is done now. */
  link: string;
  /** Its number, from 1. */
  number: number;
  /** How many links the chain has. */
  links: number;
}

/** Tells of each link of a chain what there is to follow, once it has begun. */
export function followLinks(
  { chain, events, result }: ChainRun,
  onLink: (work: FollowedWork, place: ChainPlace) => void,
): void {
  let place: ChainPlace = { chain: chain.name, link: '', number: 0, links: chain.links.length };
  events.subscribe((event) => {
    if (event.event === 'linkStarted') {
      const { link, number, links } = event;
      place = { chain: chain.name, link, number, links };
      if (chain.links[number - 1]!.command) onLink(programOf(chain, link, events, result), place);
    } else if (event.event === 'linkRuns') onLink(event.run, place);
  });
}

/** A program has no rows and asks no model. It fails with its chain. */
function programOf(
  { name, filled, runs }: Chain,
  link: string,
  events: Observable<ChainEvent>,
  result: Promise<unknown>,
): FollowedWork {
  return {
    plan: { name, filled, steps: [], models: {}, settings: {} },
    folder: join(runs, link),
    events: events.pipe(filter(isOfProgram)),
    result,
  };
}

function isOfProgram(event: ChainEvent): event is TrainingEvent {
  return 'kind' in event;
}
