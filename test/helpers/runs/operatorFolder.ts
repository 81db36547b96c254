import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeOperators, writeManifest } from '../../../src/run/operators/describeOperators.js';
import { temporaryFolder } from '../commandLine.js';

/** A module with three operators: one decides a row by options, one asks a model, one remembers. It says when it is executed. */
export const THREE_OPERATORS = `
globalThis.executedOperators = (globalThis.executedOperators ?? 0) + 1;
export const shout = {
  name: 'shout',
  summary: 'Writes a text in capitals.',
  options: {
    type: 'object',
    properties: {
      column: { type: 'string', description: 'The column that it reads.' },
      into: { type: 'string', default: 'loud', description: 'The column that it writes.' },
      times: { type: 'integer', minimum: 1, maximum: 9, default: 1, description: 'How often.' },
    },
    required: ['column'],
  },
  example: { column: 'question', times: 2 },
  reads: { $column: 'string' },
  writes: [{ name: '$into', type: 'string', help: 'The text in capitals.' }],
  drops: { silent: 'the text has no letter' },
  row: ({ $column: text }, { options, drop }) =>
    /[a-z]/i.test(text) ? { $into: Array(options.times).fill(text.toUpperCase()).join(' ') } : drop('silent'),
};
export const rate = {
  summary: 'Has a model look at a question.',
  options: { type: 'object', properties: { model: { type: 'string', description: 'The model.' } }, required: ['model'] },
  example: { model: 'tiny' },
  reads: { question: 'string' },
  writes: [{ name: 'rated', type: 'string', help: 'What the model wrote.' }],
  models: { $model: 'complete' },
  row: async ({ question }, { ask }) => ({ rated: (await ask('$model', question, { tokensMax: 64 }))[0] }),
};
export const count = {
  summary: 'Numbers the questions of each first letter.',
  reads: { question: 'string' },
  writes: [{ name: 'number', type: 'int32', help: 'How many came before.' }],
  memory: { init: () => new Map(), apply: (counts, key) => counts.set(key, (counts.get(key) ?? 0) + 1) },
  row({ question }, { memory, remember }) {
    remember(question[0]);
    return { number: memory.get(question[0]) ?? 0 };
  },
};
`;

/** Files in a folder of their own. */
export function folderOf(files: Readonly<Record<string, string>>, folder = temporaryFolder()): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** A folder of operators with its manifest. */
export async function operatorFolder(text = THREE_OPERATORS): Promise<string> {
  const folder = folderOf({ 'index.mjs': text });
  await writeManifest(await describeOperators(folder));
  return folder;
}
