import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ExecuteRequest, Model } from '../../src/backends/model.js';
import { openModel } from '../../src/backends/openModel.js';
import { modelSchema } from '../../src/backends/registry.js';
import { sandboxLack } from '../../src/backends/sandbox/bubblewrap.js';
import type { IsolateOptions } from '../../src/backends/sandbox/isolate.js';
import { OPERATORS } from '../helpers/operators.js';
import { exampleFile } from '../../src/pipeline/reference/reference.js';
import { scriptedModel } from '../helpers/scriptedModel.js';
import { answerOnce, checkText, openTiny, runInMemory } from '../helpers/runs/pipelineWorld.js';

/** Every example of the docs is a pipeline that runs on the bundled model. What the rows say is the model's affair. */

let tiny: Model;

before(async () => {
  // Most examples begin with the same steps.
  tiny = answerOnce(await openTiny());
});

after(() => tiny.close());

for (const spec of OPERATORS) {
  test(`${spec.name}: its example runs`, async () => {
    const plan = await checkText(exampleFile(spec));
    assert.equal(plan.settings.limit, 8);
    assert.equal(plan.steps.at(-1)!.spec.name, spec.name);
    const sandbox = plan.models['sandbox'] && (await openSandbox());
    const { totals, batches } = await runInMemory(plan, { tiny, ...(sandbox && { sandbox }) });
    await sandbox?.close();
    assert.equal(totals.positions, 8);
    const sum = (isMade: boolean): number =>
      Object.entries(totals.counts)
        .filter(([key]) => key.endsWith(' made rows') === isMade)
        .reduce((total, [, rows]) => total + rows, 0);
    assert.equal(totals.kept + sum(false), 8 + sum(true));
    const written = plan.columns.map(({ name }) => name);
    for (const { schema } of batches)
      assert.deepEqual(
        schema.fields.map(({ name }) => name),
        written,
      );
  });
}

/** The real one; on a machine that has none, one in which every program fails. */
async function openSandbox(): Promise<Model> {
  const config = { bubblewrap: { slots: 2 } };
  const { bubblewrap } = modelSchema.parse(config) as unknown as { bubblewrap: IsolateOptions };
  const isHere = (await sandboxLack(bubblewrap, process.env)) === null;
  if (isHere) return openModel('sandbox', config, { env: process.env, folder: '.' });
  const failed = ({ tests }: ExecuteRequest) =>
    (tests.kind === 'asserts' ? tests.asserts : []).map(() => ({ isOk: false, text: 'not run' }));
  return scriptedModel({ execute: failed }, 'sandbox');
}
