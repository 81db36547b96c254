import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Model } from '../../src/backends/model.js';
import { OPERATORS } from '../helpers/operators.js';
import { exampleFile } from '../../src/pipeline/reference/reference.js';
import { answerOnce, checkText, openTiny, runInMemory } from '../helpers/pipelineWorld.js';

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
    const { totals, batches } = await runInMemory(plan, { tiny });
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
