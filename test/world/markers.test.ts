import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { runPipeline } from '../../src/index.js';
import { type Seen, sendJson, startFaultServer } from '../helpers/servers/faultServer.js';
import { testFolder } from '../helpers/files/testFolder.js';

/** Walks `test/world/markers`; `test/world/README.md` has the form of a case. */

const CASES = join(PACKAGE_FOLDER, 'test', 'world', 'markers');

interface Expected {
  /** Names of the rows in the set, in its order. */
  kept: string[];
  /** Name of a row → the step and the reason that it was lost to. */
  lost: Record<string, string>;
  /** The column `responses` of the kept rows. */
  responses?: string[][];
}

/** What the server answers. Of lists, each request takes the next; the last is for all that follow. */
interface Reply {
  /** A text for each request for one. */
  texts?: string[];
  /** A question for each bare opening. */
  questions?: string[];
  /** All choices of each request. */
  choices?: string[][];
  /** Of the items of a request. */
  scores?: number[];
}

/** It speaks the protocols of the cases. It has no model: a judge that is asked says what the case says. */
function answerOf(reply: Reply): (seen: Seen) => object | null {
  const taken = { texts: 0, questions: 0, choices: 0 };
  const next = <T>(name: keyof typeof taken, list: readonly T[]): T =>
    list[Math.min(taken[name]++, list.length - 1)]!;

  function choices(body: Record<string, unknown>): object {
    const isOpening = reply.questions !== undefined && String(body['prompt']).endsWith('User: ');
    const texts = isOpening
      ? [next('questions', reply.questions!)]
      : reply.choices
        ? next('choices', reply.choices)
        : [next('texts', reply.texts!)];
    const top = { Yes: -0.1, No: -3 };
    const logprobs =
      body['logprobs'] === undefined
        ? null
        : 'messages' in body
          ? chatLogprobs(top)
          : { top_logprobs: [top] };
    const list = texts.map((text, index) => ({
      ...{ index, finish_reason: 'stop', logprobs },
      ...('messages' in body ? { message: { content: text } } : { text }),
    }));
    return { choices: list, usage: { prompt_tokens: 2, completion_tokens: 9 } };
  }

  return ({ path, body }) => {
    const scores = reply.scores ?? [];
    if (path.endsWith('completions')) return choices(body);
    if (path === '/pooling') return { data: [{ index: 0, data: [scores[0]] }] };
    if (path === '/classify')
      return { data: (body['input'] as string[]).map((_, index) => ({ index, probs: [scores[index]] })) };
    if (path === '/score')
      return { data: (body['text_1'] as string[]).map((_, index) => ({ index, score: scores[index] })) };
    if (path !== '/rerank') return null;
    return (body['texts'] as string[]).map((_, index) => ({ index, score: scores[index] }));
  };
}

function chatLogprobs(top: Readonly<Record<string, number>>): object {
  const top_logprobs = Object.entries(top).map(([token, logprob]) => ({ token, logprob }));
  return { content: [{ top_logprobs }] };
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

async function rowsIn(folder: string): Promise<Record<string, unknown>[]> {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const files = names.filter((name) => name.endsWith('.parquet')).map((name) => join(folder, name));
  const read = files.map(async (file) =>
    parquetReadObjects({ file: await asyncBufferFromFile(file), compressors }),
  );
  return (await Promise.all(read)).flat();
}

for (const name of readdirSync(CASES).sort()) {
  test(`markers: ${name}`, async (t) => {
    const folder = await testFolder(t);
    cpSync(join(CASES, name), folder, { recursive: true });
    const reply = existsSync(join(folder, 'reply.json')) ? readJson<Reply>(join(folder, 'reply.json')) : {};
    const answer = answerOf(reply);
    const server = await startFaultServer((seen, response) => {
      const value = answer(seen);
      // A run asks servers for their tokenizer, which this one has not.
      sendJson(response, value === null ? 404 : 200, value ?? { error: 'not here' });
    });
    t.after(() => server.stop());
    const text = readFileSync(join(folder, 'case.yaml'), 'utf8');
    const base = text.match(/(pooling|classify|scorePair|tei): \{/)
      ? server.url.replace('/v1', '')
      : server.url;
    writeFileSync(join(folder, 'case.yaml'), text.replaceAll('SERVER', base));
    const out = join(folder, 'out');
    const { report } = await (await runPipeline(join(folder, 'case.yaml'), { out })).result;

    const rows = readFileSync(join(folder, 'in.jsonl'), 'utf8').trim().split('\n');
    const nameOf = ({ seq }: Record<string, unknown>): string =>
      (JSON.parse(rows[Number(seq)]!) as { name: string }).name;
    const expected = readJson<Expected>(join(folder, 'expected.json'));
    const kept = await rowsIn(join(out, 'shards'));
    const lost = await rowsIn(join(out, 'rejects'));
    assert.deepEqual(kept.map(nameOf), expected.kept);
    assert.deepEqual(
      Object.fromEntries(
        lost.map((row) => [nameOf(row), `${row['step'] as string} ${row['reason'] as string}`]),
      ),
      expected.lost,
    );
    if (expected.responses)
      assert.deepEqual(
        kept.map((row) => row['responses']),
        expected.responses,
      );
    assert.equal(report.rowsIn, expected.kept.length + Object.keys(expected.lost).length);
    for (const { path, body } of server.seen) {
      assert.ok(!JSON.stringify(body).includes('planted'), `${path} was asked ${JSON.stringify(body)}`);
    }
    assert.ok(!JSON.stringify(kept, bigintAsText).includes('planted'));
  });
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
