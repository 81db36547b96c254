import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { runPipeline } from '../../src/index.js';
import { sendJson, startFaultServer } from '../helpers/servers/faultServer.js';
import { testFolder } from '../helpers/files/testFolder.js';

/** Walks `test/world/thoughts`; `test/world/README.md` has the form of a case. A reply belongs to the question that has its words. */

const CASES = join(PACKAGE_FOLDER, 'test', 'world', 'thoughts');

interface Expected {
  /** Name of a kept row → its answer and grade, where it is graded. */
  kept: Record<string, [answer: string, correct: boolean] | []>;
  /** Name of a row → the step and the reason that it was lost to. */
  lost: Record<string, string>;
}

type Row = Record<string, unknown>;

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

async function rowsIn(folder: string): Promise<Row[]> {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const files = names.filter((name) => name.endsWith('.parquet')).map((name) => join(folder, name));
  const read = files.map(async (file) =>
    parquetReadObjects({ file: await asyncBufferFromFile(file), compressors }),
  );
  return (await Promise.all(read)).flat();
}

for (const name of readdirSync(CASES).sort()) {
  test(`thoughts: ${name}`, async (t) => {
    const folder = await testFolder(t);
    cpSync(join(CASES, name), folder, { recursive: true });
    const replies = Object.entries(readJson<Record<string, string>>(join(folder, 'reply.json')));
    const server = await startFaultServer(({ path, body }, response) => {
      const found = replies.find(([words]) => JSON.stringify(body).includes(words));
      if (!path.endsWith('completions') || !found) return sendJson(response, 404, { error: 'not here' });
      const choice = { index: 0, finish_reason: 'stop', message: { content: found[1] } };
      sendJson(response, 200, { choices: [choice], usage: { prompt_tokens: 2, completion_tokens: 9 } });
    });
    t.after(() => server.stop());
    const file = join(folder, 'case.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('SERVER', server.url));
    const out = join(folder, 'out');
    await (
      await runPipeline(file, { out })
    ).result;

    const lines = readFileSync(join(folder, 'in.jsonl'), 'utf8').trim().split('\n');
    const nameOf = ({ seq }: Row): string => (JSON.parse(lines[Number(seq)]!) as { name: string }).name;
    const kept = (await rowsIn(join(out, 'shards'))).map((row) => [
      nameOf(row),
      row['answersFound'] ? [(row['answersFound'] as string[])[0], (row['corrects'] as boolean[])[0]] : [],
    ]);
    const lost = await rowsIn(join(out, 'rejects'));
    const expected = readJson<Expected>(join(folder, 'expected.json'));
    assert.deepEqual(Object.fromEntries(kept), expected.kept);
    assert.deepEqual(
      Object.fromEntries(lost.map((row) => [nameOf(row), `${String(row['step'])} ${String(row['reason'])}`])),
      expected.lost,
    );
  });
}
