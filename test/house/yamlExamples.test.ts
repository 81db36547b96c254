import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { problemsOf, checkText } from '../helpers/runs/pipelineWorld.js';

/** The YAML of these pages is what a pipeline file takes: each block is checked as a part of one. */

const PAGES = ['models.md', 'sources.md'];

function examplesOf(page: string): { line: number; text: string }[] {
  const text = readFileSync(join(PACKAGE_FOLDER, 'docs', page), 'utf8');
  return [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length + 1,
    text: match[1]!,
  }));
}

const indented = (text: string, by: string): string => text.replace(/^(?=.)/gm, by);

/** The block with what else a pipeline file must have. */
function pipelineWith(text: string): string {
  const part = parse(text) as Record<string, unknown>;
  const rest = [
    'name: example',
    'target: 1',
    ...('steps' in part ? [] : ['steps: [{ deduplicate: {} }]']),
    ...('steps' in part || 'source' in part ? [] : ['source: { jsonl: { path: rows.jsonl } }']),
  ].join('\n');
  if (!('template' in part)) return `${rest}\n${text}`;
  const model = 'models:\n  m:\n    openai: { replicas: ["http://localhost:8000/v1"], model: m }';
  return `${rest}\n${model}\n${indented(text, '    ')}`;
}

/** What the examples name and nobody has here: files, keys, and a tool of another package. */
const ABSENT = /found no file|found nothing at|cannot read|no such file|ENOENT|prompt\.txt/;

for (const page of PAGES)
  for (const { line, text } of examplesOf(page))
    test(`docs/${page}:${line} is checked without a mistake of its own`, async () => {
      const pipeline = pipelineWith(text);
      const messages = await checkText(pipeline).then(
        () => [],
        async () => (await problemsOf(pipeline)).map(({ message }) => message),
      );
      assert.deepEqual(
        messages.filter((message) => !ABSENT.test(message)),
        [],
      );
    });

test('a mistake in an example is found', async () => {
  const [problem] = await problemsOf(
    pipelineWith('models: { m: { openai: { replica: ["http://x/v1"], model: m } } }\n'),
  );
  assert.match(problem!.message, /replica/);
});
