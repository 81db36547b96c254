import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exitCodes.js';
import { hostCommand } from '../helpers/commandHost.js';
import { type CommandResult, temporaryFolder } from '../helpers/commandLine.js';
import { completionOf, sendJson, startFaultServer } from '../helpers/servers/faultServer.js';
import { PIPELINES_FOLDER } from '../helpers/runs/pipelineWorld.js';

/** evaluate.yaml on a benchmark with these answers, with a student that always says 2: what it printed, how often it asked. */
async function evaluate(
  answers: readonly (string | null)[],
): Promise<CommandResult & { asked: number; again: CommandResult; report: string }> {
  const folder = temporaryFolder();
  const benchmark = join(folder, 'benchmark.jsonl');
  const rows = answers.map((answer, at) => JSON.stringify({ question: `What is ${at}?`, answer }));
  writeFileSync(benchmark, `${rows.join('\n')}\n`);
  const server = await startFaultServer(({ body }, response) =>
    sendJson(
      response,
      200,
      completionOf(Array.from({ length: (body['n'] as number) ?? 1 }, () => 'It is \\boxed{2}.')),
    ),
  );
  try {
    const student = { openai: { replicas: [server.url], model: 'm' }, template: 'qwen2-math' };
    const args = ['run', join(PIPELINES_FOLDER, 'evaluate.yaml'), '--out', join(folder, 'run')];
    const set = [`source.jsonl.path=${benchmark}`, `models.student=${JSON.stringify(student)}`, 'store=none'];
    const command = [...args, ...set.flatMap((each) => ['--set', each])];
    const result = await hostCommand(command);
    const asked = server.seen.length;
    const again = await hostCommand(command);
    assert.equal(server.seen.length, asked);
    const report = join(folder, 'run', 'report.json');
    return { ...result, asked, again, report: existsSync(report) ? readFileSync(report, 'utf8') : '' };
  } finally {
    await server.stop();
  }
}

test('a benchmark whose answers are all blank asks nobody, and is an error, the second time too', async () => {
  const { code, stderr, asked, again } = await evaluate(['', '  ', '####']);
  assert.equal(code, EXIT_CODES.failed);
  assert.match(
    stderr,
    /greedyAccuracy has measured nothing: of 3 rows none .*\(filterReference noAnswer 3\).*\[ERR_NOTHING_MEASURED\]/,
  );
  assert.equal(asked, 0);
  assert.equal(again.code, EXIT_CODES.failed);
  assert.match(again.stderr, /ERR_NOTHING_MEASURED/);
});

test('problems without an answer are not asked, and stand beside the figure', async () => {
  const { code, stdout, stderr, asked, report } = await evaluate(['2', '', '3', null]);
  assert.equal(code, 0, stderr);
  // Each of the two once greedily, and once for eight samples.
  assert.equal(asked, 4);
  const { greedyAccuracy } = (JSON.parse(report) as { figures: Record<string, Record<string, unknown>> })
    .figures;
  assert.equal((greedyAccuracy!['pass@1'] as { value: number }).value, 0.5);
  assert.deepEqual(
    [greedyAccuracy!['problems'], greedyAccuracy!['problemsLost'], greedyAccuracy!['lostTo']],
    [2, 2, { 'filterReference noAnswer': 2 }],
  );
  assert.match(stdout, /^greedyAccuracy {2}problems 2, .*problemsLost 2$/m);
  assert.match(stdout, /^greedyAccuracy {2}lostTo: filterReference noAnswer 2$/m);
});
