import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AskEvent, type AskOptions, askModel } from '../../../src/run/ask/askModel.js';
import { temporaryFolder } from '../../helpers/commandLine.js';
import { type Answer, completionOf, sendJson, startFaultServer } from '../../helpers/servers/faultServer.js';

/** Models of a file that nobody has to start: what is asked goes to a server of the test. */
function fileFor(url: string): string {
  const file = join(temporaryFolder(), 'asks.yaml');
  const models = [
    `  writer: { openai: { replicas: ["${url}"], model: writer, apiKeyEnv: WRITER_KEY } }`,
    `  chatty: { openai: { replicas: ["${url}"], model: chatty, protocol: chat } }`,
    `  judge: { pooling: { replicas: ["${url}"], model: judge } }`,
    `  nightly: { openaiBatch: { replicas: ["${url}"], model: nightly } }`,
  ];
  const steps = ['  - generate: { generators: [{ model: writer }], tokensMax: 64 }'];
  writeFileSync(file, ['name: asks', 'limit: 4', 'models:', ...models, 'steps:', ...steps, ''].join('\n'));
  return file;
}

const KEY = 'sk-secret-1234';

async function ask(answer: Answer, model = 'writer', more: Partial<AskOptions> = {}) {
  const server = await startFaultServer(answer);
  const events: AskEvent[] = [];
  const onEvent = (event: AskEvent): void => {
    events.push(event);
    more.onEvent?.(event);
  };
  const options = { count: 1, ...more, onEvent };
  const world = { env: { WRITER_KEY: KEY }, nowMs: () => 0 };
  try {
    await askModel(fileFor(server.url), model, options, world).catch((error: unknown) => {
      throw Object.assign(error as Error, { events });
    });
    return { events, seen: server.seen };
  } finally {
    await server.stop();
  }
}

function textsOf(events: readonly AskEvent[], at = 0): string[] {
  return events.flatMap((event) => (event.event === 'wrote' && event.at === at ? [event.text] : []));
}

function begin(response: ServerResponse): (text: string, finish?: string) => void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  return (text, finish) =>
    response.write(
      `data: ${JSON.stringify({ choices: [{ index: 0, text, finish_reason: finish ?? null }] })}\n\n`,
    );
}

test('a reply is told while it is written, and ends as any other', async () => {
  let firstSeen = (): void => {};
  const wasTold = new Promise<void>((resolve) => (firstSeen = resolve));
  const { events, seen } = await ask(
    async (_, response) => {
      const write = begin(response);
      write('Why');
      // The rest comes only when the beginning was told.
      await wasTold;
      write(' not?', 'stop');
      response.end(
        `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } })}\n\ndata: [DONE]\n\n`,
      );
    },
    'writer',
    {
      onEvent: (event) => {
        if (event.event === 'wrote') firstSeen();
      },
    },
  );
  assert.deepEqual(textsOf(events), ['Why', ' not?']);
  const answered = events.find(({ event }) => event === 'answered');
  assert.ok(answered?.event === 'answered');
  assert.deepEqual(answered.choice, { text: 'Why not?', finish: 'stop', tokens: 2 });
  assert.deepEqual([answered.record.promptTokens, answered.record.completionTokens], [3, 2]);
  assert.deepEqual(
    [seen[0]!.body['stream'], seen[0]!.body['stream_options'], seen[0]!.body['max_tokens']],
    [true, { include_usage: true }, 64],
  );
  const asked = events[0]!;
  assert.ok(asked.event === 'asked');
  assert.equal(asked.prompt, seen[0]!.body['prompt']);
});

test('a server that ignores `stream` is read all the same; replies are told one after the other', async () => {
  const { events } = await ask(
    async ({ index }, response) => {
      // The first is the slowest.
      await new Promise((resolve) => setTimeout(resolve, index === 0 ? 60 : 0));
      sendJson(response, 200, completionOf([`question ${index}`]));
    },
    'writer',
    { count: 3 },
  );
  assert.deepEqual(
    events.map(({ event, at }) => `${event} ${at}`),
    [0, 1, 2].flatMap((at) => [`asked ${at}`, `wrote ${at}`, `answered ${at}`]),
  );
  assert.deepEqual([0, 1, 2].flatMap((at) => textsOf(events, at)).sort(), [
    'question 0',
    'question 1',
    'question 2',
  ]);
});

test('no part of the key is shown when a server streams it', async () => {
  const failed = await ask((_, response) => {
    const write = begin(response);
    for (const piece of ['Key: ', KEY.slice(0, 6), KEY.slice(6), ' and more']) write(piece);
    write('.', 'stop');
    response.end('data: [DONE]\n\n');
  }).then(
    () => assert.fail('expected an error'),
    (error: Error & { events: AskEvent[] }) => error,
  );
  assert.match(failed.message, /wrote the key that it was sent/);
  assert.ok(!failed.message.includes(KEY));
  assert.deepEqual(textsOf(failed.events), ['Key: ']);
});

test('a stream that is cut off is an error, and so is one that tells an error', async () => {
  for (const end of ['', 'data: {"error": {"message": "out of memory", "code": 500}}\n\n'])
    await assert.rejects(
      ask((_, response) => {
        begin(response)('Why');
        response.end(end);
      }),
      { code: 'ERR_MODEL_UNREACHABLE' },
      end,
    );
});

const refused: [what: string, model: string, options: Partial<AskOptions>, code: string, words: RegExp][] = [
  [
    'an unknown model',
    'wrter',
    {},
    'ERR_PIPELINE_MODEL',
    /asks\.yaml: no model is called "wrter", did you mean "writer"\?/,
  ],
  [
    'a reward model',
    'judge',
    { question: 'Why?' },
    'ERR_PIPELINE_MODEL',
    /judge \(pooling\) cannot answer a message/,
  ],
  [
    'a bare question over chat',
    'chatty',
    {},
    'ERR_PIPELINE_MODEL',
    /bare user message.*or ask it with --question/,
  ],
  ['a batch API', 'nightly', { question: 'Why?' }, 'ERR_PIPELINE_MODEL', /answers files of requests/],
];

for (const [what, model, options, code, words] of refused)
  test(`${what} is refused before anything is sent`, async () => {
    await assert.rejects(
      ask(() => assert.fail('nothing is sent'), model, options),
      (error: Error & { code?: string }) => error.code === code && words.test(error.message),
    );
  });

test('no server at the address: an error at once', async () => {
  const server = await startFaultServer(() => {});
  await server.stop();
  const startedMs = performance.now();
  await assert.rejects(
    askModel(
      fileFor(server.url),
      'chatty',
      { count: 1, question: 'Why?', onEvent: () => {} },
      {
        env: {},
        nowMs: () => 0,
      },
    ),
    (error: Error & { code?: string }) =>
      error.code === 'ERR_MODEL_UNREACHABLE' && error.message.includes(server.url),
  );
  assert.ok(performance.now() - startedMs < 20_000);
});
