import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { describeOperators, writeManifest } from '../../src/run/operators/describeOperators.js';
import { hostCommand } from '../helpers/commandHost.js';
import { temporaryFolder } from '../helpers/commandLine.js';

/** Commands that look at a stranger's file execute nothing of it and write nothing; `run` and `preview` execute modules. */

const MODEL = `{ llamaCpp: { path: ${JSON.stringify(join(PACKAGE_FOLDER, 'models', 'tiny.gguf'))}, processes: 1 } }`;

/** A module that leaves a file beside itself when it is executed. */
const OWN = `import { writeFileSync } from 'node:fs';
writeFileSync(new URL('executed.txt', import.meta.url), '');
export default { reads: { question: 'string' }, writes: [{ name: 'words', type: 'int32', help: 'Words.' }],
  row: ({ question }) => ({ words: question.split(' ').length }) };
`;

function pipelineWith(...steps: string[]): string {
  return [
    'name: strange',
    'limit: 2',
    `models: { tiny: ${MODEL} }`,
    'steps:',
    '  - generate: { generators: [{ model: tiny }], tokensMax: 192 }',
    ...steps.map((step) => `  - ${step}`),
    '',
  ].join('\n');
}

interface Place {
  folder: string;
  file: string;
  /** The names in the folder, with those of subfolders. */
  names: () => string[];
  wasExecuted: () => boolean;
}

const ROOT = temporaryFolder();
let places = 0;

function placeOf(text: string): Place {
  const folder = join(ROOT, `${places++}`);
  const code = `${folder}-code`;
  for (const each of [folder, code]) mkdirSync(each);
  writeFileSync(join(code, 'own.mjs'), OWN);
  const file = join(folder, 'strange.yaml');
  writeFileSync(file, text.replaceAll('OWN', JSON.stringify(join(code, 'own.mjs'))));
  writeFileSync(
    join(folder, 'chain.yaml'),
    'name: chained\nlinks: [{ name: first, pipeline: strange.yaml }, { name: second, command: [touch, "{{ output }}"] }]\n',
  );
  return {
    folder,
    file,
    names: () => (readdirSync(folder, { recursive: true }) as string[]).sort(),
    wasExecuted: () => existsSync(join(code, 'executed.txt')),
  };
}

const OPEN = pipelineWith('custom: { path: OWN }', 'filterLanguage: {}');

const LOOKING = [
  ['check', 'strange.yaml'],
  ['plan', 'strange.yaml'],
  ['train', 'strange.yaml', '--dry-run'],
  ['check', 'chain.yaml'],
  ['plan', 'chain.yaml'],
  ['chain', 'chain.yaml', '--dry-run'],
];

for (const args of LOOKING)
  test(`\`${args.join(' ')}\` executes no module and writes nothing`, async () => {
    const place = placeOf(OPEN);
    const before = place.names();
    const { code, stderr } = await hostCommand(args, place.folder);
    assert.equal(code, 0, stderr);
    assert.deepEqual(place.names(), before);
    assert.ok(!place.wasExecuted());
  });

const NAMED = ['check', 'plan', 'steps --pipeline', 'train --dry-run'];

for (const command of NAMED)
  test(`\`${command}\` executes no operator that \`operators\` names`, async () => {
    const place = placeOf(pipelineWith('own: {}').replace('steps:', 'operators: [./code]\nsteps:'));
    const own = OWN.replace('export default {', "export const own = { name: 'own', summary: 'Counts.',");
    mkdirSync(join(place.folder, 'code'));
    writeFileSync(join(place.folder, 'code', 'index.mjs'), own);
    await writeManifest(await describeOperators(join(place.folder, 'code')));
    rmSync(join(place.folder, 'code', 'executed.txt'));
    const before = place.names();
    const [name, ...flags] = command.split(' ');
    const { code, stderr } = await hostCommand([name!, ...flags, 'strange.yaml'], place.folder);
    assert.equal(code, 0, stderr);
    assert.deepEqual(place.names(), before);
    await hostCommand(['preview', 'strange.yaml', '-n', '1'], place.folder);
    assert.ok(existsSync(join(place.folder, 'code', 'executed.txt')));
  });

test('`preview` executes the module', async () => {
  const place = placeOf(OPEN);
  const { code, stdout, stderr } = await hostCommand(['preview', 'strange.yaml', '-n', '1'], place.folder);
  assert.equal(code, 0, stderr);
  assert.ok(place.wasExecuted());
  assert.match(stdout, /custom/);
});

const ADDRESS = `data:text/javascript,${encodeURIComponent(
  `import fs from 'node:fs'; fs.writeFileSync('executed.txt', 'x'); export default { row() {} };`,
)}`;

const REFUSED: [command: string, why: string, path: string, enabled: boolean][] = [
  ['check', 'an address that holds code, in a step that is switched off', ADDRESS, false],
  ['check', 'the same in capital letters', ADDRESS.replace('data:', 'DATA:'), true],
  ['plan', 'the same behind a space', ` ${ADDRESS}`, true],
  ['run', 'the same with an end like a file', `${ADDRESS}//own.mjs`, true],
  ['preview', 'a module of Node', 'node:fs', true],
];

for (const [command, why, path, enabled] of REFUSED)
  test(`${command}: ${why} is refused`, async () => {
    const place = placeOf(pipelineWith(`{ enabled: ${enabled}, custom: { path: ${JSON.stringify(path)} } }`));
    const before = place.names();
    const { code, stderr } = await hostCommand([command, place.file], place.folder);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /strange\.yaml:6:\d+ steps\.1\.custom\.path: found no path of a file/);
    assert.deepEqual(place.names(), before);
  });

test('what a module writes may be declared: then `check` knows the columns, and a run holds the module to it', async () => {
  const declared = (writes: string): string =>
    pipelineWith(
      `custom: { path: OWN, writes: ${writes} }`,
      'judgeSolvability: { model: tiny, tokensMax: 4 }',
    ).concat('output: { columns: [question, words] }\n');
  const right = placeOf(declared('{ words: int32 }'));
  assert.match((await hostCommand(['check', right.file], right.folder)).stdout, /columns question, words/);
  const misspelt = placeOf(declared('{ wordz: int32 }'));
  const found = await hostCommand(['check', misspelt.file], misspelt.folder);
  assert.match(found.stderr, /no step writes the column "words"; did you mean "wordz"/);
  const other = placeOf(declared('{ words: string }'));
  const refused = await hostCommand(['run', other.file], other.folder);
  assert.equal(refused.code, 3);
  assert.match(
    refused.stderr,
    /6:\d+ steps\.1\.custom\.writes: found words: string, but the module writes words: int32/,
  );
});

test('columns that only the module knows are no mistake, and are named as unknown', async () => {
  const place = placeOf(
    pipelineWith('custom: { path: OWN }').concat('output: { columns: [question, words] }\n'),
  );
  const { code, stdout, stderr } = await hostCommand(['check', place.file], place.folder);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /and what custom writes: its module is loaded by `run` and `preview` alone/);
});
