import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PipelineProblems } from '../../src/errors.js';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { runPipeline } from '../../src/run/runPipeline.js';
import { verifyRun } from '../../src/run/verify/verifyRun.js';
import { temporaryFolder } from '../helpers/commandLine.js';

const CASES = join(PACKAGE_FOLDER, 'test', 'world', 'runFolders');

interface Expected {
  /** The code of the mistake that `check` finds, and a part of its message. */
  refused?: string;
  says?: string;
  /** Names of the configurations in the card, as a reader of YAML 1.1 takes them. */
  configs?: unknown[];
  /** Folder → all its files. */
  folders?: Record<string, string[]>;
}

for (const name of readdirSync(CASES)) {
  test(`run folders: ${name}`, async () => {
    const folder = temporaryFolder();
    cpSync(join(CASES, name), folder, { recursive: true });
    const { refused, says, configs, folders } = JSON.parse(
      readFileSync(join(folder, 'expected.json'), 'utf8'),
    ) as Expected;
    const out = join(folder, 'run');
    const running = runPipeline(join(folder, 'case.yaml'), { out });
    if (refused !== undefined) {
      await assert.rejects(running, (error: PipelineProblems) => {
        assert.ok(error instanceof PipelineProblems);
        assert.equal(error.code, refused);
        return error.message.includes(says!);
      });
      return;
    }
    await (
      await running
    ).result;
    const head = readFileSync(join(out, 'README.md'), 'utf8').split('---\n')[1]!;
    const card = parse(head, { version: '1.1' }) as { configs: { config_name: unknown }[] };
    assert.deepEqual(
      card.configs.map(({ config_name: config }) => config),
      configs,
    );
    for (const [inside, files] of Object.entries(folders ?? {}))
      assert.deepEqual(readdirSync(join(out, inside)), files);
    assert.deepEqual((await verifyRun(out)).findings, []);
  });
}
