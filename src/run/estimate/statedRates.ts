import type { StepUse } from '../../backends/model.js';
import { ScaleQuestError } from '../../errors.js';
import { own } from '../../pipeline/own.js';
import type { Plan } from '../../pipeline/plan.js';
import { type Observed, groupsOf } from './observed.js';

/** So many that nothing is left of the chance of a sample: what is stated is taken as it is. */
const STATED_ROWS = 1e12;

/** What the pipeline file states about the cost of its rows. Throws ERR_USAGE where it says too little. */
export function statedRates({ settings, steps, file }: Plan, serversOf: (model: string) => string): Observed {
  const { steps: statedSteps = {}, models: statedModels = {} } = settings.estimate ?? {};
  const missing = steps.filter(
    ({ label, spec, parsed }) =>
      spec.models(parsed).some(({ needs }) => needs !== 'named') && own(statedSteps, label) === undefined,
  );
  if (missing.length > 0)
    throw new ScaleQuestError(
      'ERR_USAGE',
      `${file}: nothing is known of what ${missing.map(({ label }) => label).join(', ')} will ask. Run some rows first, as ` +
        '`scalequest run FILE --out runs/pilot --set limit=50`, and name that folder: --from runs/pilot. Or state it in the file under ' +
        '`estimate.steps`',
    );
  let rows = STATED_ROWS;
  const observed = steps.map(({ label, spec, parsed }) => {
    const stated = own(statedSteps, label) ?? {
      keptShare: 1,
      requests: 0,
      promptTokens: 0,
      completionTokens: 0,
    };
    const rowsIn = rows;
    rows *= stated.keptShare;
    const [asked] = spec.models(parsed).filter(({ needs }) => needs !== 'named');
    const uses = asked
      ? { [asked.model]: useOf(stated, rowsIn, own(statedModels, asked.model)?.tokensPerS) }
      : {};
    return { step: label, rowsIn, kept: rows, uses };
  });
  const models = [...new Set(observed.flatMap(({ uses }) => Object.keys(uses)))];
  return {
    ...{ rows: STATED_ROWS, wallS: 0, steps: observed },
    servers: groupsOf(models, serversOf).map((group) => ({ models: group, inFlight: 1, isFull: true })),
  };
}

type Stated = NonNullable<NonNullable<Plan['settings']['estimate']>['steps']>[string];

/** A server that writes so many tokens a second is busy with one request at a time, as far as hours go. */
function useOf(stated: Stated, rows: number, tokensPerS: number | undefined): StepUse {
  const requests = rows * stated.requests;
  const completionTokens = requests * stated.completionTokens;
  return {
    ...{ requests, completionTokens, promptTokens: requests * stated.promptTokens, cachedTokens: 0 },
    ...{ completionSquares: requests * stated.completionTokens ** 2, storeHits: 0 },
    busyS: tokensPerS === undefined ? 0 : completionTokens / tokensPerS,
  };
}
