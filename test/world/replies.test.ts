import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listRejects } from '../../src/run/listRejects.js';
import { readParquetBlocks } from '../../src/io/parquet/readParquet.js';
import { nodeFiles } from '../../src/io/files/files.js';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import { hostCommand } from '../helpers/commandHost.js';
import { temporaryFolder } from '../helpers/commandLine.js';
import { startFaultServer } from '../helpers/servers/faultServer.js';

/** Runs the command on each case of `test/world/replies`, with a server that answers as the case says. */

const CASES = join(PACKAGE_FOLDER, 'test/world/replies');

interface Reply {
  status: number;
  body?: unknown;
  text?: string;
  /** A body in this encoding instead of UTF-8. */
  latin1?: string;
  /** A body that is too long to be written down. */
  make?: { before: string; open: string; times: number; close: string; after: string };
  /** How often it is given; once, or for good if it is the last. */
  times?: number;
}

interface Expected {
  exit: number;
  kept?: number;
  /** Of the run's error. */
  code?: string;
  stderr?: string;
  /** Of each lost row. */
  reason?: string;
  message?: string;
  notMessage?: string;
  reply?: string;
  responses?: string[][];
  /** A part of a note in performance.json. */
  noted?: string;
  requestsMax?: number;
  /** Neither output holds anything that a terminal obeys, nor a bug. */
  harmless?: boolean;
  /** The store's replies read again, with nothing asked. */
  again?: boolean;
}

const PIPELINE = (url: string, protocol: string): string => `name: world
models: { s: { openai: { replicas: ["${url}"], model: m, protocol: ${protocol}, slots: 1, retriesMax: 2 } } }
source: { jsonl: { path: in.jsonl, columns: { question: string } } }
steps: [{ respond: { model: s, n: 1, tokensMax: 64, temperature: 0.5 } }]
`;

function bytesOf({ body, text, latin1, make }: Reply): Buffer {
  if (latin1 !== undefined) return Buffer.from(latin1, 'latin1');
  if (make) {
    const { before, open, times, close, after } = make;
    return Buffer.from(before + open.repeat(times) + close.repeat(times) + after);
  }
  return Buffer.from(text ?? JSON.stringify(body));
}

function readJson<T>(folder: string, name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
}

for (const name of readdirSync(CASES)) {
  test(`replies/${name}`, async (t) => {
    const expected = readJson<Expected>(join(CASES, name), 'expected.json');
    const listed = readJson<Reply[]>(join(CASES, name), 'reply.json');
    const replies = listed.flatMap((reply) => Array.from({ length: reply.times ?? 1 }, () => reply));
    const server = await startFaultServer(({ index }, response) => {
      const reply = replies[Math.min(index, replies.length - 1)]!;
      response.writeHead(reply.status, { 'content-type': 'application/json', 'retry-after': '0' });
      response.end(bytesOf(reply));
    });
    t.after(() => server.stop());
    const folder = temporaryFolder();
    const [file, out] = [join(folder, 'p.yaml'), join(folder, 'out')];
    writeFileSync(file, PIPELINE(server.url, 'chat'));
    writeFileSync(join(folder, 'in.jsonl'), '{"question":"What is 2 + 3?"}\n{"question":"What is 1 + 4?"}\n');
    const { code, stdout, stderr } = await hostCommand(['run', file, '--out', out]);
    assert.equal(code, expected.exit, stderr);
    if (expected.code) assert.ok(stderr.includes(`[${expected.code}]`), stderr);
    if (expected.stderr) assert.ok(stderr.includes(expected.stderr), stderr);
    if (expected.harmless) {
      assert.doesNotMatch(stdout + stderr, /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
      assert.doesNotMatch(stdout + stderr, /bug in scalequest/);
    }
    if (expected.requestsMax) assert.ok(server.seen.length <= expected.requestsMax, `${server.seen.length}`);
    if (expected.kept === undefined) return;
    await checkRows(out, expected);
    if (expected.noted) {
      const { models } = readJson<{ models: { s: { notes?: Record<string, number> } } }>(
        out,
        'performance.json',
      );
      assert.match(Object.keys(models.s.notes ?? {}).join(), new RegExp(expected.noted));
      assert.match(stdout, new RegExp(expected.noted));
      assert.match(readFileSync(join(out, 'log.jsonl'), 'utf8'), /"event":"noted"/);
    }
    if (!expected.again) return;
    const asked = server.seen.length;
    const second = await hostCommand(['run', file, '--out', join(folder, 'again')]);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(server.seen.length, asked);
    await checkRows(join(folder, 'again'), expected);
  });
}

async function checkRows(
  out: string,
  { kept, reason, message, notMessage, reply, responses }: Expected,
): Promise<void> {
  const report = readJson<{ rowsKept: number }>(out, 'report.json');
  assert.equal(report.rowsKept, kept);
  const lost = await listRejects(out);
  const texts = JSON.stringify(lost);
  assert.equal(
    lost.reduce((sum, { rows }) => sum + rows, 0),
    2 - kept!,
    texts,
  );
  for (const group of lost) {
    assert.equal(group.reason, reason, texts);
    for (const example of group.examples) {
      if (message) assert.ok(example.message.includes(message), example.message);
      if (notMessage) assert.ok(!example.message.includes(notMessage), example.message);
      if (reply) assert.equal(example.reply, reply);
    }
  }
  if (!responses) return;
  const columns = [{ name: 'responses', type: 'list<string>', help: '' }] as const;
  const found: unknown[] = [];
  const shards = join(out, 'shards');
  const paths = readdirSync(shards).map((name) => join(shards, name));
  for await (const { values } of readParquetBlocks(nodeFiles, { paths, columns })) found.push(...values[0]!);
  assert.deepEqual(found, responses);
}
