import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { renderExportCard } from '../../../src/io/exports/exportCard.js';
import { exportSchema } from '../../../src/io/exports/registry.js';

const config = exportSchema.parse({ format: 'preference' });

test('the head is YAML that loads the shards; the text names rows, format, columns and what was left out', () => {
  const card = renderExportCard({
    name: 'a "set"',
    config,
    written: { rows: 7, leftOut: 2 },
    contents: 'abc',
  });
  const [, head, text] = card.split(/^---$/m);
  const { pretty_name, configs } = parse(head!) as { pretty_name: string; configs: object[] };
  assert.equal(pretty_name, 'a "set"');
  assert.deepEqual(configs, [
    {
      config_name: 'default',
      description: 'abc',
      data_files: [{ split: 'train', path: 'train-*.parquet' }],
    },
  ]);
  assert.match(text!, /7 rows in the form `preference` \(`prompt`, `chosen`, `rejected`\)/);
  assert.match(text!, /2 rows of it gave none/);
});

test('nothing is said of rows left out where there are none', () => {
  const card = renderExportCard({ name: 'set', config, written: { rows: 7, leftOut: 0 }, contents: 'abc' });
  assert.doesNotMatch(card, /gave none/);
});
