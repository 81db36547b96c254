import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { hostCommand } from '../helpers/commandHost.js';
import { temporaryFolder } from '../helpers/commandLine.js';

/** Keys of the environment must reach their own server, and nothing else: no file, no stream, no other host. */

const KEY = 'sk-first/Wd41+"key\\9ab';
const OTHER_KEY = 'sk-second-77c0ffee-41';
process.env['KEYS_TEST_FIRST'] = KEY;
process.env['KEYS_TEST_SECOND'] = OTHER_KEY;

/** Written by the servers beside the key: where it is found, the search would have found the key. */
const MARK = 'quoted-by-the-server';

interface Server {
  url: string;
  /** Authorization of every request, whatever its method and path. */
  seen: string[];
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const stops: (() => void)[] = [];
after(() => stops.forEach((stop) => stop()));

async function serve(answer: Answer): Promise<Server> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization ?? '');
    request.resume();
    request.on('end', () => answer(response, request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function completion(text: string): object {
  const usage = { prompt_tokens: 3, completion_tokens: 3 };
  return { choices: [{ index: 0, text, finish_reason: 'stop' }], usage, debug: { authorization: KEY } };
}

/** A reply and the pipeline's exit code; each quotes the key as some server or proxy might. */
const QUOTES: Record<string, { answer: Answer; code: number; marked?: boolean }> = {
  'a good reply with the headers in another field': {
    answer: (response) => json(response, 200, completion('What is 1 + 1?')),
    code: 0,
  },
  'the text of a reply': { answer: (response) => json(response, 200, completion(`a ${KEY} b`)), code: 0 },
  'a refused key': {
    answer: (response) => json(response, 401, { error: { message: `${MARK}: bad key ${KEY}` } }),
    code: 4,
  },
  'a failure': {
    answer: (response) => json(response, 500, { error: { message: `${MARK}: Bearer ${KEY} failed` } }),
    code: 4,
    marked: true,
  },
  'a refused request': {
    answer: (response) => json(response, 400, { detail: `${MARK} ${KEY}` }),
    code: 4,
    marked: true,
  },
  'a wrong path, in the form of urls': {
    answer: (response) => json(response, 404, { error: `${MARK} ?key=${encodeURIComponent(KEY)}` }),
    code: 4,
    marked: true,
  },
  'the report of a validator': {
    answer: (response) => json(response, 500, { detail: [{ loc: [MARK], input: `Bearer ${KEY}` }] }),
    code: 4,
    marked: true,
  },
  'a web page': {
    answer: (response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${MARK} ${KEY}</p>`),
    code: 4,
  },
};

for (const [name, { answer, code, marked = false }] of Object.entries(QUOTES)) {
  test(`a key quoted in ${name} lands nowhere`, async () => {
    const server = await serve(answer);
    const said = await runPipeline(generator(`replicas: ["${server.url}/v1"]`));
    assert.equal(said.code, code, said.text);
    assertKept(said.text, marked);
    assert.ok(server.seen.length > 0 && server.seen.every((header) => header === `Bearer ${KEY}`));
  });
}

test('a redirect to another host is not followed, and its address is told without the key', async () => {
  const other = await serve((response) => json(response, 200, completion('stolen')));
  const server = await serve((response) => {
    const location = `${other.url}/v1/completions?mark=${MARK}&key=${encodeURIComponent(KEY)}`;
    response.writeHead(307, { location }).end();
  });
  const said = await runPipeline(generator(`replicas: ["${server.url}/v1"]`));
  assert.equal(said.code, 4, said.text);
  assertKept(said.text, true);
  assert.deepEqual(other.seen, []);
});

test('labels and scores that quote the key', async () => {
  const score = ['  - scoreDifficulty: { model: scorer, method: score }'];
  const good = await serve((response) => json(response, 200, completion('What is 1 + 1?')));
  const replies = {
    labels: [
      [
        { score: 1, label: `${MARK} ${KEY}` },
        { score: 0, label: 'b' },
      ],
    ],
    scores: [[{ score: `${MARK}${'.'.repeat(40)}${KEY}`, label: 'b' }]],
  };
  for (const reply of Object.values(replies)) {
    const server = await serve((response) => json(response, 200, reply));
    const scorer = `  scorer: { tei: { replicas: ["${server.url}"], model: m, input: text, apiKeyEnv: KEYS_TEST_FIRST } }`;
    const said = await runPipeline([...generator(`replicas: ["${good.url}/v1"]`), scorer], score);
    assertKept(said.text, true);
  }
});

test('the end of the log of a server that the run starts', async () => {
  const print = `console.error(process.env.KEYS_TEST_FIRST, "${MARK}"); process.exit(1)`;
  const serveOption = `serve: { command: [node, -e, ${JSON.stringify(print)}] }`;
  const said = await runPipeline(generator(`replicas: ["http://127.0.0.1:9/v1"], ${serveOption}`));
  assert.equal(said.code, 4, said.text);
  assertKept(said.text, true);
});

test('a server that the run starts does not see the keys of other models', async () => {
  const print = `console.error(process.env.KEYS_TEST_FIRST, process.env.KEYS_TEST_SECOND, "${MARK}"); process.exit(1)`;
  const serveOption = `serve: { command: [node, -e, ${JSON.stringify(print)}] }`;
  const said = await runPipeline(
    [
      ...generator(`replicas: ["http://127.0.0.1:9/v1"]`),
      `  open: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: m, ${serveOption} } }`,
      `  other: { openai: { replicas: ["http://127.0.0.1:9/v1"], model: m, apiKeyEnv: KEYS_TEST_SECOND } }`,
    ],
    ['  - respond: { model: open, n: 1 }'],
  );
  assert.equal(said.code, 4, said.text);
  assertKept(said.text, true);
  assert.match(said.text, /undefined undefined/);
});

test('each server is given the key of its own model alone', async () => {
  const answer: Answer = (response) => json(response, 200, completion('What is 1 + 1?'));
  const [first, second] = [await serve(answer), await serve(answer)];
  const models = [
    ...generator(`replicas: ["${first.url}/v1"]`),
    `  other: { openai: { replicas: ["${second.url}/v1"], model: m, apiKeyEnv: KEYS_TEST_SECOND } }`,
    `  open: { openai: { replicas: ["${second.url}/v1"], model: m } }`,
  ];
  const steps = ['  - respond: { model: other, n: 1 }', '  - respond: { model: open, n: 1 }'];
  const labelled = steps.map((step, at) => `${step.replace('- ', `- label: answer${at}\n    `)}`);
  const said = await runPipeline(models, labelled);
  assert.equal(said.code, 0, said.text);
  assertKept(said.text, false);
  assert.deepEqual([...new Set(first.seen)], [`Bearer ${KEY}`]);
  assert.deepEqual([...new Set(second.seen)].sort(), ['', `Bearer ${OTHER_KEY}`]);
});

function generator(options: string): string[] {
  return [
    'models:',
    `  writer: { openai: { ${options}, model: m, apiKeyEnv: KEYS_TEST_FIRST, retriesMax: 0, unreachableMs: 0 } }`,
  ];
}

/** Checks, checks online and runs a pipeline; `text` is all that these said and wrote, with Parquet read out. */
async function runPipeline(
  models: string[],
  steps: string[] = [],
): Promise<{ code: number | null; text: string }> {
  const folder = temporaryFolder();
  const file = join(folder, 'pipeline.yaml');
  const generate = '  - generate: { generators: [{ model: writer }] }';
  writeFileSync(file, ['name: keys', 'limit: 3', ...models, 'steps:', generate, ...steps, ''].join('\n'));
  const out = join(folder, 'out');
  const plan = await hostCommand(['plan', file]);
  const online = await hostCommand(['check', '--online', file]);
  const run = await hostCommand(['run', file, '--out', out]);
  const said = [plan, online, run].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  return {
    code: run.code,
    text: [...said, ...(await Promise.all(filesBelow(folder).map(readAll)))].join('\n'),
  };
}

function filesBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}

async function readAll(path: string): Promise<string> {
  const bytes = readFileSync(path);
  if (!path.endsWith('.parquet')) return bytes.toString();
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const rows = await parquetReadObjects({ file, compressors });
  const plain = JSON.stringify(rows, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return `${bytes.toString('latin1')}\n${plain}`;
}

function assertKept(text: string, marked: boolean): void {
  for (const key of [KEY, OTHER_KEY]) {
    for (const form of [key, encodeURIComponent(key), JSON.stringify(key).slice(1, -1)]) {
      const at = text.indexOf(form);
      assert.ok(at < 0, `the key stands in: ${text.slice(Math.max(0, at - 200), at + 60)}`);
    }
  }
  // A part of a key is a leak too.
  assert.ok(!text.includes(KEY.slice(0, 12)), 'a part of the key stands there');
  if (marked) assert.ok(text.includes(MARK), 'what the server said is lost, or the search is blind');
}
