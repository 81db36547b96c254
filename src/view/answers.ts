import type { Files } from '../io/files/files.js';
import type { Plan } from '../pipeline/plan.js';
import { diffRuns } from '../run/diff/diffRuns.js';
import { viewedPlan } from '../run/history/viewedPlan.js';
import { rowHistory } from '../run/history/rowHistory.js';
import type { SystemWorld } from '../run/systemWorld.js';
import { filledRemoved, filledRemover } from '../train/environment.js';
import { viewedRunOf } from './viewedRun.js';

/** What the server computes for a page, beside handing out files. Nothing that the environment filled in gets into an answer. */
export interface Answers {
  run(): Promise<unknown>;
  row(seq: number): Promise<unknown>;
  diff(other: string): Promise<unknown>;
  /** Committed files, by their paths inside the folder. */
  isCommitted(file: string): Promise<boolean>;
}

interface AnswersDeps extends Pick<SystemWorld, 'files' | 'env'> {
  folder: string;
  /** The plan of the run, where it runs in this process. */
  plan?: Plan | undefined;
}

export function createAnswers({ folder, plan: own, files, env }: AnswersDeps): Answers {
  let read: ReturnType<typeof viewedPlan> | null = null;
  const planned = async () => {
    if (own) return { plan: own, note: null };
    const found = await (read ??= viewedPlan(folder, { files, env }));
    // The run may be begun by now.
    if (!found.plan) read = null;
    return found;
  };
  const clean = async <Value>(value: Value): Promise<Value> => {
    const { plan } = await planned();
    return plan ? filledRemoved(value, filledRemover(plan.filled)) : value;
  };
  const inTurn = oneByOne();
  return {
    run: async () => clean(await viewedRunOf(files, folder)),
    row: (seq) =>
      inTurn(async () => {
        const { plan, note } = await planned();
        return clean(await rowHistory(folder, seq, { files, plan, planNote: note }));
      }),
    diff: (other) => inTurn(async () => clean(await diffRuns(folder, other, { examples: 5 }, files))),
    isCommitted: committedNames(files, folder),
  };
}

/** What costs much is done for one page after the other. */
function oneByOne(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
}

/** Looks names up in the manifest, which is read again only for a name that it had not. */
function committedNames(files: Files, folder: string): (file: string) => Promise<boolean> {
  let known = new Set<string>();
  return async (file) => {
    if (known.has(file)) return true;
    if (!/^(shards|rejects)\/[\w-]+\.parquet$/.test(file)) return false;
    const { shards, rejects } = await viewedRunOf(files, folder);
    known = new Set([...shards, ...rejects].map((each) => each.file));
    return known.has(file);
  };
}
