import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { type Card, renderCard } from '../../../src/io/runFolder/card.js';

const CARD: Card = {
  name: 'tiny: "the" run',
  rows: 12_345,
  contents: 'abc',
  columns: [
    { name: 'question', type: 'string', help: 'The question | as written.' },
    { name: 'reward', type: 'float64', help: 'Its score.', nullable: true },
  ],
  funnel: [{ step: 'generate', rowsIn: 20_000, kept: 12_345, dropped: 0, rejected: 7_655 }],
  pipelineText: 'name: tiny\n# ```\nsteps: []\n',
  languages: ['en', 'no'],
};

test('the head is YAML that names the shards and nothing else', () => {
  const [, head] = renderCard(CARD).split('---\n');
  assert.deepEqual(parse(head!), {
    pretty_name: 'tiny: "the" run',
    language: ['en', 'no'],
    tags: ['synthetic', 'scalequest'],
    task_categories: ['text-generation'],
    size_categories: ['10K<n<100K'],
    configs: [
      {
        config_name: 'default',
        description: 'abc',
        data_files: [{ split: 'train', path: 'shards/*.parquet' }],
      },
    ],
  });
});

test('tables and fences survive their content', () => {
  const text = renderCard(CARD);
  assert.match(text, /\| `question` \| `string` \| The question \\\| as written\. \|/);
  assert.match(text, /\| `reward` \| `float64` or null \|/);
  assert.match(text, /\| generate \| 20,000 \| 12,345 \| 0 \| 7,655 \|/);
  assert.match(text, /\n````yaml\nname: tiny\n# ```\nsteps: \[\]\n````\n/);
});

test('figures stand in a list after the funnel, and nowhere where there are none', () => {
  const text = renderCard({ ...CARD, figures: ['leaks  gsm: rows 3', 'leaks  a\nb: rows 4'] });
  assert.match(text, /\n- leaks gsm: rows 3\n- leaks a b: rows 4\n\n## Pipeline\n/);
  assert.match(renderCard(CARD), /`rejects\/`\.\n\n## Pipeline\n/);
});
