import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATORS } from '../../helpers/operators.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { folderOf, operatorFolder } from '../../helpers/runs/operatorFolder.js';

test('steps: every operator, then one of them in full', async () => {
  const list = await hostCommand(['steps']);
  for (const { name, summary } of OPERATORS)
    assert.match(list.stdout, new RegExp(`^${name} +${summary.slice(0, 20)}`, 'm'));
  const page = await hostCommand(['steps', 'generate']);
  assert.match(page.stdout, /^## generate\n[^]*\| `tokensMax` \|[^]*```yaml\n/);
  assert.deepEqual([list.code, page.code], [0, 0]);
});

test('steps --pipeline: those of the packages and folders of a file too, listed, in full, and in the schema for editors', async () => {
  const operators = await operatorFolder();
  const folder = folderOf({
    'p.yaml': `operators: [${JSON.stringify(operators)}]\n`,
    'q.yaml': 'operators: [./nowhere]\n',
  });
  const list = await hostCommand(['steps', '--pipeline', 'p.yaml'], folder);
  assert.match(list.stdout, /^generate .*[^]*^shout +Writes a text in capitals\.$/m);
  const { stdout } = await hostCommand(['steps', 'shout', '--pipeline', 'p.yaml'], folder);
  assert.match(
    stdout,
    /^## shout\n[^]*reads: the column that `column` names \(`string`\)\n- writes: the column that `into` names/,
  );
  assert.match(stdout, /\| `times` \| whole number ≥ 1, ≤ 9 \| `1` \| How often\. \|/);
  assert.ok(
    stdout.endsWith(
      `operators:\n  - ${operators}\nsteps:\n  - shout: { column: question, times: 2 }\n\`\`\`\n`,
    ),
  );
  const schema = await hostCommand(['steps', '--schema', '--pipeline', 'p.yaml'], folder);
  const { properties } = JSON.parse(schema.stdout) as {
    properties: { steps: { items: { oneOf: { required: string[] }[] } } };
  };
  assert.deepEqual(
    properties.steps.items.oneOf
      .slice(-3)
      .map(({ required }) => required[0])
      .toSorted(),
    ['count', 'rate', 'shout'],
  );
  const typo = await hostCommand(['steps', 'shuot', '--pipeline', 'p.yaml'], folder);
  assert.match(typo.stderr, /no operator is called "shuot"; did you mean "shout"\?/);
  const gone = await hostCommand(['steps', '--pipeline', 'q.yaml'], folder);
  assert.match(gone.stderr, /q\.yaml:1:13 operators\.0: \.\/nowhere: .* is not there/);
});
