import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { nodeFiles } from '../../../src/io/files/files.js';
import { openText } from '../../../src/io/files/seal.js';
import { type Card, renderCard, writeCard } from '../../../src/io/runFolder/card.js';
import { testFolder, watchedFiles } from '../../helpers/files/testFolder.js';

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

const EXPORT = { format: 'messages', columns: ['messages'], rows: 9, leftOut: 1 };

test('exports load by their names, whatever YAML makes of them; one without rows has no configuration', () => {
  const names = ['no', 'on', 'null', 'yes', 'off', 'y', 'constructor', 'toString', 'a-1', 'e5'];
  const exports = [...names.map((name) => ({ ...EXPORT, name })), { ...EXPORT, name: 'empty', rows: 0 }];
  const text = renderCard({ ...CARD, exports });
  const { configs } = parse(text.split('---\n')[1]!, { version: '1.1' }) as {
    configs: { config_name: unknown; data_files: { path: string }[] }[];
  };
  assert.deepEqual(
    configs.map(({ config_name: name }) => name),
    ['default', ...names],
  );
  assert.equal(configs.at(-1)!.data_files[0]!.path, 'exports/e5/*.parquet');
  assert.match(text, /\| `empty` \| `exports\/empty` \| `messages` \| `messages` \| 0 \| 1 \|/);
});

test('while the run goes on the card says so, and has its configuration already', () => {
  const { funnel: _, ...rest } = CARD;
  const text = renderCard(rest);
  assert.match(text, /has not come to its end/);
  assert.match(text, /path: shards\/\*\.parquet/);
  assert.doesNotMatch(text, /What became of the rows/);
  assert.doesNotMatch(renderCard(CARD), /has not come to its end/);
});

test('a card is written once: the same again changes nothing, and a changed bit is noticed', async (t) => {
  const folder = await testFolder(t);
  await writeCard(nodeFiles, folder, CARD);
  const { files, calls } = watchedFiles();
  await writeCard(files, folder, CARD);
  assert.deepEqual(
    calls.filter((call) => !/^(open|close) README\.md$/.test(call)),
    [],
  );
  const text = await readFile(join(folder, 'README.md'), 'utf8');
  assert.ok(openText(text).isWhole);
  assert.ok(!openText(text.replace('12,345', '12,344')).isWhole);
});
