import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATORS } from '../helpers/operators.js';
import { sampleOptions } from '../../src/pipeline/sampleOptions.js';

for (const spec of OPERATORS) {
  test(`${spec.name}: sample options fit its schema, and tell its columns where they do not depend on a module`, () => {
    const sample = sampleOptions(spec);
    assert.ok(spec.options.safeParse(sample).success);
    if (spec.name === 'custom') return;
    assert.ok(Object.keys(spec.reads(sample)).length + spec.writes(sample).length > 0);
  });
}

test('what has a default keeps it', () => {
  const respond = OPERATORS.find(({ name }) => name === 'respond')!;
  const { model, ...defaults } = respond.options.parse({ model: 'solver' }) as Record<string, unknown>;
  assert.equal(model, 'solver');
  assert.deepEqual(sampleOptions(respond), { model: 'x', ...defaults });
});
