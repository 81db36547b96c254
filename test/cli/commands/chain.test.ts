import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../src/cli/exitCodes.js';
import { hostCommand } from '../../helpers/commandHost.js';
import { finishedRun } from '../../helpers/runs/finishedRun.js';
import { pidsOf, startsOf, writeTrainer } from '../../helpers/runs/trainers.js';
import { startCommand, temporaryFolder, writePipeline } from '../../helpers/commandLine.js';

/** Questions by the bundled model; a program counts them; a second pipeline reads what it wrote. */
function writeChain(folder: string): string {
  writePipeline(folder, [
    'limit: 3',
    'steps:',
    '  - generate: { generators: [{ model: tiny }], tokensMax: 96 }',
  ]);
  const read = ['name: read', 'source: { jsonl: { path: none.jsonl } }', 'steps: [{ deduplicate: {} }]'];
  writeFileSync(join(folder, 'read.yaml'), `${read.join('\n')}\nstore: none\n`);
  writeFileSync(
    join(folder, 'convert.mjs'),
    `import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
const [run, output] = process.argv.slice(2);
appendFileSync(new URL('times.txt', import.meta.url), 'x');
writeFileSync(output, readFileSync(run + '/sample.jsonl'));
`,
  );
  const file = join(folder, 'loop.yaml');
  writeFileSync(
    file,
    `name: loop
links:
  - { name: write, pipeline: pipeline.yaml }
  - name: convert
    command: [${JSON.stringify(process.execPath)}, convert.mjs, "{{ write.run }}", "{{ output }}"]
    output: questions.jsonl
    inputs: [convert.mjs, "{{ write.run }}/sample.jsonl"]
  - { name: read, pipeline: read.yaml, set: { source.jsonl.path: "{{ convert.output }}" } }
`,
  );
  return file;
}

test('links run in order, each takes what those before gave; again, nothing is done twice', async () => {
  const folder = temporaryFolder();
  const file = writeChain(folder);
  const times = (): number => readFileSync(join(folder, 'times.txt'), 'utf8').length;

  const first = await startCommand(['chain', file], folder).result;
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /== convert, link 2 of 3\n.*finished in/);
  assert.match(first.stdout, /The chain loop is done\.\n {2}write\.run {2}\//);
  const set = join(folder, 'runs', 'loop', 'read', 'sample.jsonl');
  const questions = readFileSync(set, 'utf8');
  assert.equal(questions, sameQuestions(join(folder, 'runs', 'loop', 'write', 'sample.jsonl')));

  const again = await hostCommand(['chain', file], folder);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /the run was complete[^]*finished already[^]*the run was complete/);
  assert.equal(times(), 1);

  // A changed program is other inputs for its link, and what it writes is the same for the next.
  writeFileSync(join(folder, 'convert.mjs'), `${readFileSync(join(folder, 'convert.mjs'), 'utf8')}// more\n`);
  const changed = await hostCommand(['chain', file], folder);
  assert.equal(changed.code, 0, changed.stderr);
  assert.equal(times(), 2);
});

/** What `read` writes of a sample: its questions, numbered. */
function sameQuestions(sample: string): string {
  const rows = readFileSync(sample, 'utf8').split('\n').filter(Boolean);
  return rows
    .map(
      (line, seq) =>
        `${JSON.stringify({ seq, question: (JSON.parse(line) as { question: string }).question })}\n`,
    )
    .join('');
}

test('a program that fails ends the chain with its words; mended, the chain goes on from there', async () => {
  const folder = temporaryFolder();
  const file = writeChain(folder);
  const convert = readFileSync(join(folder, 'convert.mjs'), 'utf8');
  writeFileSync(join(folder, 'convert.mjs'), `console.error('no weights here'); process.exit(3);`);
  const failed = await hostCommand(['chain', file], folder);
  assert.equal(failed.code, EXIT_CODES.training, failed.stderr);
  assert.match(failed.stderr, /convert[^]*exit code 3[^]*no weights here[^]*ERR_TRAIN_FAILED/);
  assert.equal(existsSync(join(folder, 'runs', 'loop', 'read')), false);

  writeFileSync(join(folder, 'convert.mjs'), convert);
  const mended = await hostCommand(['chain', file], folder);
  assert.equal(mended.code, 0, mended.stderr);
  assert.match(mended.stdout, /== write, link 1 of 3\n[^]*the run was complete/);
});

/** A chain of one program that behaves in one way. */
function writeTrainerChain(folder: string, way: string, ...more: string[]): { file: string; seen: string } {
  const [file, seen] = [join(folder, 'one.yaml'), join(folder, 'seen')];
  const words = [process.execPath, writeTrainer(folder), way, seen, '{{ output }}', ...more];
  writeFileSync(file, `name: one\nlinks:\n  - { name: c, command: ${JSON.stringify(words)} }\n`);
  return { file, seen };
}

test('of two chains at once one launches the program of a link, the other is refused', async () => {
  const folder = temporaryFolder();
  const { file, seen } = writeTrainerChain(folder, 'hangs');
  const first = startCommand(['chain', file], folder);
  await pidsOf(seen, first.result);
  const second = await hostCommand(['chain', file], folder);
  assert.notEqual(second.code, 0);
  assert.match(second.stderr, /runs\/one\/c.*expected one process at a time/);
  first.child.kill('SIGINT');
  const { stderr } = await first.result;
  assert.match(stderr, /the link c was cancelled; the same command starts it again/);
  assert.doesNotMatch(stderr, /train(er|ing) c/);
  assert.equal(startsOf(seen).length, 1);
  assert.ok(!existsSync(join(folder, 'runs', 'one', 'c', 'run.lock')));
});

test('two chains started in the same moment launch the program of a link once', async () => {
  const folder = temporaryFolder();
  const { file, seen } = writeTrainerChain(folder, 'good');
  const both = [startCommand(['chain', file], folder), startCommand(['chain', file], folder)];
  const codes = (await Promise.all(both.map(({ result }) => result))).map(({ code }) => code);
  assert.ok(codes.includes(0), `${codes.join()}`);
  assert.equal(startsOf(seen).length, 1);
});

test('an output that is gone is written again, and it is said', async () => {
  const folder = temporaryFolder();
  const { file, seen } = writeTrainerChain(folder, 'good');
  assert.equal((await hostCommand(['chain', file], folder)).code, 0);
  rmSync(join(folder, 'runs', 'one', 'c', 'train', '0', 'output'), { recursive: true });
  const again = await hostCommand(['chain', file], folder);
  assert.match(again.stderr, /link c: finished before, but there is nothing at .*output; once more\./);
  assert.match(again.stdout, /link c: finished in .*; output in /);
  const third = await hostCommand(['chain', file], folder);
  assert.match(third.stdout, /link c: finished already/);
  assert.equal(startsOf(seen).length, 2);
});

test('a secret of the environment comes into no file and no message of a chain', async () => {
  const { folder, file: pipeline } = await finishedRun();
  const { file } = writeTrainerChain(folder, 'dies', '${CHAIN_SECRET}');
  const set = '{ summary: "of ${CHAIN_SECRET}" }';
  const link = `  - { name: p, pipeline: ${JSON.stringify(pipeline)}, set: ${set} }\n`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('links:\n', `links:\n${link}`));
  process.env['CHAIN_SECRET'] = 'hush-hush-hush';
  const { code, stdout, stderr } = await startCommand(['chain', file], folder).result;
  delete process.env['CHAIN_SECRET'];
  assert.equal(code, EXIT_CODES.training, stderr);
  assert.match(stderr, /\$\{CHAIN_SECRET\}/);
  const runs = join(folder, 'runs');
  const files = readdirSync(runs, { recursive: true, encoding: 'utf8' })
    .map((name) => join(runs, name))
    .filter((path) => statSync(path).isFile());
  assert.ok(
    files.some((path) => path.endsWith('p/README.md')),
    files.join(),
  );
  for (const path of files) assert.doesNotMatch(readFileSync(path, 'latin1'), /hush-hush/, path);
  assert.doesNotMatch(stdout + stderr, /hush-hush/);
});

test('a link does not hand on a model that its training has not left', async () => {
  const { folder, file: pipeline } = await finishedRun();
  const nothing = JSON.stringify([process.execPath, '-e', '0']);
  writeFileSync(pipeline, `${readFileSync(pipeline, 'utf8')}train: [{ command: ${nothing}, label: t }]\n`);
  const { file } = writeTrainerChain(folder, 'good', '{{ p.model }}');
  const link = `  - { name: p, pipeline: pipeline.yaml }\n`;
  writeFileSync(file, readFileSync(file, 'utf8').replace('links:\n', `links:\n${link}`));
  const { code, stderr } = await hostCommand(['chain', file], folder);
  assert.notEqual(code, 0);
  assert.match(stderr, /found nothing for \{\{ p\.model \}\}.*\[ERR_CHAIN_LINK\]/);
});

test('check, plan and a dry run of a chain write nothing; the dry run follows what is done', async () => {
  const folder = temporaryFolder();
  const file = writeChain(folder);
  const checked = await hostCommand(['check', file], folder);
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(
    checked.stdout,
    /no mistakes; 3 links\n {2}write: 1 step, .*\n {2}convert: runs .*\n {2}read: 1 step/,
  );
  const planned = await hostCommand(['plan', file], folder);
  assert.match(
    planned.stdout,
    /== write, link 1 of 3\nsmall [^]*== convert, link 2 of 3\nruns .*convert\.mjs[^]*== read/,
  );
  for (const flag of [['--set', 'limit=1'], ['--online']]) {
    const refused = await hostCommand(['check', file, ...flag], folder);
    assert.equal(refused.code, EXIT_CODES.usage);
    assert.match(refused.stderr, /is a chain, expected no --/);
  }
  const dry = async (): Promise<string[]> => {
    const { code, stdout, stderr } = await hostCommand(['chain', file, '--dry-run'], folder);
    assert.equal(code, 0, stderr);
    return stdout.trim().split('\n');
  };
  const first = await dry();
  assert.match(
    first[0]!,
    /^write: would be done: no run with these settings and inputs; in .*runs\/loop\/write$/,
  );
  assert.equal(first[1], 'convert: would be done; it takes {{ write.run }}, which is not there yet');
  assert.match(first[2]!, /^read: would be done; it takes \{\{ convert\.output \}\}/);
  assert.ok(!existsSync(join(folder, 'runs')));

  assert.equal((await hostCommand(['chain', file], folder)).code, 0);
  for (const line of await dry())
    assert.match(line, /^(write|read): skipped: its run is complete|^convert: skipped: done/);

  writeFileSync(join(folder, 'convert.mjs'), `${readFileSync(join(folder, 'convert.mjs'), 'utf8')}// more\n`);
  const changed = await dry();
  assert.match(changed[0]!, /^write: skipped/);
  assert.equal(changed[1], 'convert: would be done: never done with these inputs');
  assert.match(changed[2]!, /^read: would be done; it takes/);
});

test('a dry run says what a failed program and a training come to', async () => {
  const { folder, file: pipeline } = await finishedRun();
  const trainer = JSON.stringify([
    process.execPath,
    writeTrainer(folder),
    'dies',
    join(folder, 'seen'),
    '{{ output }}',
  ]);
  writeFileSync(pipeline, `${readFileSync(pipeline, 'utf8')}train: [{ command: ${trainer}, label: t }]\n`);
  const file = join(folder, 'one.yaml');
  writeFileSync(file, 'name: one\nlinks:\n  - { name: p, pipeline: pipeline.yaml }\n');
  assert.equal((await hostCommand(['chain', file], folder)).code, EXIT_CODES.training);
  const { stdout } = await hostCommand(['chain', file, '--dry-run'], folder);
  assert.match(
    stdout,
    /^p: would go on: its run is complete; training t would be done: its last start ended as failed; \//,
  );
});

test('a mistake in the last link is found before the first is begun; a pipeline is no chain', async () => {
  const folder = temporaryFolder();
  const file = writeChain(folder);
  writeFileSync(join(folder, 'read.yaml'), 'name: read\nsteps: [{ dedupliate: {} }]\n');
  const { code, stderr } = await hostCommand(['chain', file], folder);
  assert.equal(code, EXIT_CODES.invalidPipeline, stderr);
  assert.match(stderr, /link read: .*no operator is called "dedupliate"/);
  assert.ok(!existsSync(join(folder, 'runs')));
  const other = await hostCommand(['chain', join(folder, 'pipeline.yaml')], folder);
  assert.equal(other.code, EXIT_CODES.invalidPipeline);
  assert.match(other.stderr, /has no links, expected a chain of pipelines/);
});
