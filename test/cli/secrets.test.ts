import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { startCommand, temporaryFolder } from '../helpers/commandLine.js';

/** Secrets stand everywhere where a file may name them, everything is run, and no file and no line of output has one. */

/** Each in another form; no text has them by chance. */
const CANARIES: Readonly<Record<string, string>> = {
  CANARY_AUTH: 'cnry-7f3a91',
  CANARY_PAT: 'ghx_CnryPat0123456789',
  CANARY_REPO: 'https://cnryuser:cnry%2Fpassword@example.invalid/set?sig=cnrysignature',
  CANARY_PLAIN: 'cnryplain',
  CANARY_OUT: 'cnry-out-folder',
  CANARY_NAMED: 'cnry named value',
  CANARY_MODEL_KEY: 'sk-cnrymodelkey',
  CANARY_LOOSE: 'cnry-never-named',
};
Object.assign(process.env, CANARIES);

const PUBLIC = { SHOWN_NAME: 'shown-to-all' };
Object.assign(process.env, PUBLIC);

const FOLDER = temporaryFolder();
mkdirSync(join(FOLDER, 'work'));

/** Prints all that it was given, and writes a model. */
writeFileSync(
  join(FOLDER, 'work', 'trainer.mjs'),
  `import { mkdirSync, writeFileSync } from 'node:fs';
console.log(process.argv.join(' '), process.env.CANARY_NAMED);
console.log('NAMES ' + Object.keys(process.env).join(' '));
const output = process.argv[2];
mkdirSync(output, { recursive: true });
writeFileSync(output + '/model.txt', 'x');
console.error('ends with', process.argv[4]);
process.exit(Number(process.argv[3]));
`,
);

const MODEL = JSON.stringify(join(PACKAGE_FOLDER, 'models', 'tiny.gguf'));

function pipelineText(code: number): string {
  return `name: canary
summary: made by \${CANARY_AUTH} for \${CANARY_PLAIN}, \${SHOWN_NAME}
publicEnv: [SHOWN_NAME]
limit: 2
models:
  tiny: { llamaCpp: { path: ${MODEL}, processes: 1 } }
  idle: { openai: { replicas: ["http://\${CANARY_PLAIN}.invalid/v1"], model: "\${CANARY_AUTH}", apiKeyEnv: CANARY_MODEL_KEY } }
steps:
  - generate: { generators: [{ model: tiny }], tokensMax: 192 }
  - { enabled: false, respond: { model: idle } }
exports: {}
train:
  - command: [node, trainer.mjs, "{{ output }}", "${code}", "--push=\${CANARY_REPO}", "\${CANARY_PAT}"]
    output: "./\${CANARY_OUT}-${code}"
    env: [CANARY_NAMED]
`;
}

const WRONG = [
  'name: wrong\ntarget: "${CANARY_AUTH}"\nsteps: [{ generate: { generators: [{ model: "${CANARY_PAT}" }] } }]\n',
  'name: wrong\nsource: { jsonl: { path: "${CANARY_REPO}" } }\nmodels: { m: { openai: { replicas: ["${CANARY_REPO}"], model: x } } }\nsteps: [{ respond: { model: m } }]\n',
  'name: "${CANARY_NAMED}"\n"${CANARY_AUTH}": 1\nsteps: []\n',
];

const CHAIN = `name: chained
links:
  - name: program
    command: [node, trainer.mjs, "{{ output }}", "0", "--push=\${CANARY_REPO}", "\${CANARY_PAT}"]
    env: [CANARY_NAMED]
  - { name: broken, command: [node, trainer.mjs, "{{ output }}", "5", "\${CANARY_AUTH}", "\${CANARY_PAT}"] }
`;

/** What every command printed. */
const printed: string[] = [];

async function ends(expected: number, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await startCommand(args, join(FOLDER, 'work')).result;
  printed.push(`$ ${args.join(' ')}\n${stdout}${stderr}`);
  assert.equal(code, expected, printed.at(-1));
}

function write(name: string, text: string): void {
  writeFileSync(join(FOLDER, 'work', name), text);
}

/** Where a text has a secret or what is left of one: around it, for the message of a test that fails. */
function leaks(where: string, text: string): string[] {
  return [...text.matchAll(/cnry/gi)].map(
    ({ index }) => `${where}: …${text.slice(Math.max(0, index - 80), index + 30)}…`,
  );
}

test('commands end as they should, with all secrets in the environment', { timeout: 300_000 }, async () => {
  write('canary.yaml', pipelineText(0));
  write('failing.yaml', pipelineText(3).replace('name: canary', 'name: failing'));
  write('chain.yaml', CHAIN);
  await ends(0, 'check', 'canary.yaml');
  await ends(0, 'plan', 'canary.yaml');
  await ends(0, 'run', 'canary.yaml');
  await ends(0, 'run', 'canary.yaml');
  await ends(0, 'train', 'canary.yaml', '--dry-run');
  await ends(7, 'run', 'failing.yaml');
  await ends(0, 'plan', 'chain.yaml');
  await ends(7, 'chain', 'chain.yaml');
  await ends(0, 'chain', 'chain.yaml', '--dry-run');
  for (const [at, text] of WRONG.entries()) {
    write(`wrong${at}.yaml`, text);
    await ends(3, 'check', `wrong${at}.yaml`);
  }
});

test('no secret was printed', () => {
  assert.deepEqual(leaks('output', printed.join('\n')), []);
});

test('no secret was written to any file', () => {
  const names = readdirSync(FOLDER, { recursive: true }) as string[];
  const files = names.filter((name) => statSync(join(FOLDER, name)).isFile());
  for (const wanted of ['README.md', 'train.json', 'log.jsonl', 'manifest.jsonl', 'report.json', 'log.txt'])
    assert.ok(
      files.some((name) => name.endsWith(wanted)),
      `${wanted} among ${files.join(', ')}`,
    );
  assert.deepEqual(
    files.flatMap((name) => leaks(name, readFileSync(join(FOLDER, name), 'latin1'))),
    [],
  );
});

test('variables are named where their values would stand, and what is public is shown', () => {
  const run = join(FOLDER, 'work', 'runs', 'canary');
  const card = readFileSync(join(run, 'README.md'), 'utf8');
  assert.match(card, /made by \$\{CANARY_AUTH\} for \$\{CANARY_PLAIN\}, shown-to-all/);
  const record = readFileSync(join(run, 'train', '0', 'train.json'), 'utf8');
  assert.match(record, /--push=\$\{CANARY_REPO\}/);
  assert.match(record, /"output": ".*\$\{CANARY_OUT\}-0"/);
});

test('a training that is finished is found again, though its output is written without its name', () => {
  assert.match(printed[3]!, /^\$ run canary\.yaml/);
  assert.match(printed[3]!, /finished before|not launched again/);
});

test('a trainer is given what it needs and what is named, and nothing else', () => {
  const log = readFileSync(join(FOLDER, 'work', 'runs', 'canary', 'train', '0', 'log.txt'), 'utf8');
  const given = /NAMES (.*)/.exec(log)![1]!.split(' ');
  assert.ok(given.includes('PATH') && given.includes('CANARY_NAMED'));
  assert.deepEqual(
    Object.keys(CANARIES).filter((name) => name !== 'CANARY_NAMED' && given.includes(name)),
    [],
  );
});
