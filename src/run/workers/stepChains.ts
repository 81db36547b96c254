import { type Observable, Subject, type Subscription } from 'rxjs';
import type { RecordBatch } from 'apache-arrow';
import { ScaleQuestError } from '../../errors.js';
import type { Batch } from '../../flow/batch.js';
import { type StepResult, replayed } from '../../flow/stepResults/stepResult.js';
import type { Plan } from '../../pipeline/plan.js';
import { type RunDeps, runContext, sourceScreen } from '../stream/runPlan.js';
import type { Stage } from './stages.js';

/** Runs units through steps of a plan, and tells what each step did to them. */
export interface StepChains {
  /** The results of the steps [first, end). Many units may be open at a time. Rejects with whatever would end a run. */
  run(unit: Stage & { rows: RecordBatch }): Promise<StepResult[]>;
  /** Units that are open get no answer. */
  close(): void;
}

interface Chain {
  units: Subject<Batch>;
  /** Those that are not answered, in the order in which they came. */
  open: { unit: Stage; resolve(results: StepResult[]): void; reject(error: unknown): void }[];
  running: Subscription;
  taken: number;
}

/**
 * One chain of operators for each end of a stage: every unit goes through the same operators, as the batches of a run do, so that a
 * step that opens a thread opens one. Within a chain units are numbered as if they were source positions; the rows keep theirs.
 */
export function createStepChains(plan: Plan, deps: Pick<RunDeps, 'models' | 'prompt'>): StepChains {
  const chains = new Map<string, Chain>();

  function open({ first, end }: Stage): Chain {
    const units = new Subject<Batch>();
    const chain: Chain = { units, open: [], taken: 0, running: null as never };
    const stream = plan.steps
      .slice(first, end)
      .reduce<Observable<Batch>>((rows, { spec, input, label }, after) => {
        const at = first + after;
        const screened = at === 0 ? { screen: sourceScreen(plan) } : {};
        return rows.pipe(spec.operator(input, { ...runContext(plan, deps, label), ...screened, at }));
      }, units);
    chain.running = stream.subscribe({
      next({ stepResults = [] }) {
        const { unit, resolve } = chain.open.shift()!;
        resolve(stepResults.slice(unit.first));
      },
      error(error: unknown) {
        for (const { reject } of chain.open.splice(0)) reject(error);
      },
    });
    return chain;
  }

  return {
    run(unit) {
      const { end, rows } = unit;
      // A unit may begin behind steps whose results the store had: it passes them, as a replayed batch does.
      const key = `${startOf(plan, unit)} ${end}`;
      let chain = chains.get(key);
      if (!chain) chains.set(key, (chain = open({ first: startOf(plan, unit), end })));
      const own = chain;
      return new Promise((resolve, reject) => {
        if (own.running.closed) return reject(chainEnded());
        const lo = own.taken++;
        own.open.push({ unit, resolve, reject });
        const stepResults = Array.from({ length: unit.first }, () => replayed(''));
        own.units.next({ lo, hi: lo + 1, rows, events: [], stepResults });
      });
    },
    close() {
      for (const { running } of chains.values()) running.unsubscribe();
    },
  };
}

/** Where the run of row-wise steps begins in which the unit's first step is. */
function startOf({ steps }: Plan, { first }: Stage): number {
  let start = first;
  while (start > 0 && steps[start - 1]!.spec.isRowwise) start -= 1;
  return start;
}

function chainEnded(): ScaleQuestError {
  return new ScaleQuestError(
    'ERR_INVARIANT',
    'found a unit for steps that an error has ended, expected none',
  );
}
