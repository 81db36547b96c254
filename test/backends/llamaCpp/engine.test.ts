import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { type Engine, keyCacheType, openEngine, stopsOf } from '../../../src/backends/llamaCpp/engine.js';
import type { CompleteJob, FromEngine, Job } from '../../../src/backends/llamaCpp/messages.js';
import { resolveTemplate } from '../../../src/backends/templates/template.js';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';

/** The real engine on the bundled model, in this process. */

const OPTIONS = {
  path: join(PACKAGE_FOLDER, 'models/tiny.gguf'),
  sequences: 2,
  contextTokens: 256,
  gpu: false,
};
const template = resolveTemplate('qwen2-math');

interface Asked {
  engine: Engine;
  ask(job: Job): Promise<FromEngine>;
}

async function open(t: TestContext, collectGarbage = () => {}): Promise<Asked> {
  const waiting = new Map<number, (message: FromEngine) => void>();
  const engine = await openEngine(
    OPTIONS,
    (message) => {
      if ('id' in message) waiting.get(message.id)!(message);
    },
    collectGarbage,
  );
  t.after(() => engine.dispose());
  return {
    engine,
    ask: (job) =>
      new Promise((resolve) => {
        waiting.set(job.id, resolve);
        engine.submit(job);
      }),
  };
}

function complete(id: number, changes: Partial<CompleteJob> = {}): CompleteJob {
  return {
    ...{ kind: 'complete', id, prompt: template.promptParts({ kind: 'preQuery' }), stop: [...template.stop] },
    ...{ n: 1, tokensMax: 12, temperature: 1, topP: 0.95, seed: id },
    ...changes,
  };
}

describe('a schema in the engine', () => {
  const schema = {
    type: 'object',
    properties: {
      reason: { type: 'string', maxLength: 20 },
      score: { enum: [1, 2, 3] },
      fit: { enum: ['yes', 'no'] },
    },
    required: ['reason', 'score', 'fit'],
  };

  it('holds each choice, drawn or greedy, whoever else is running, and gives the same for the same seed', async (t) => {
    const { ask } = await open(t);
    const held = (id: number, changes: Partial<CompleteJob> = {}) =>
      ask(complete(id, { schema, tokensMax: 120, seed: 5, n: 2, ...changes }));
    const [first, , again, greedy] = await Promise.all([
      held(1),
      ask(complete(2, { tokensMax: 60 })),
      held(3),
      held(4, { temperature: 0, n: 1 }),
    ]);
    assert.ok(first!.kind === 'completed' && again!.kind === 'completed' && greedy!.kind === 'completed');
    assert.deepEqual(first.choices, again.choices);
    assert.notEqual(first.choices[0]!.text, first.choices[1]!.text);
    for (const { text, finish } of [...first.choices, ...greedy.choices]) {
      assert.equal(finish, 'stop');
      const { reason, score, fit } = JSON.parse(text) as Record<string, unknown>;
      assert.ok(typeof reason === 'string' && reason.length <= 20, text);
      assert.ok([1, 2, 3].includes(score as number) && ['yes', 'no'].includes(fit as string), text);
    }
  });

  it('never ends a string by a control token of the template', async (t) => {
    const { ask } = await open(t);
    const only = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const reply = await ask(complete(seed, { schema: only, tokensMax: 100, seed }));
      assert.ok(reply.kind === 'completed');
      for (const { text, finish } of reply.choices) {
        assert.ok(!text.includes('<|'), text);
        if (finish === 'stop') assert.equal(typeof (JSON.parse(text) as { text: unknown }).text, 'string');
      }
    }
  });

  it('is cut off as every reply is, and whole where only its line ends are missing', async (t) => {
    const { ask } = await open(t);
    const whole = await ask(complete(1, { schema, tokensMax: 120 }));
    assert.ok(whole.kind === 'completed');
    const { tokens, text } = whole.choices[0]!;
    const finishAt = async (id: number, tokensMax: number): Promise<string> => {
      const cut = await ask(complete(id, { schema, seed: 1, tokensMax }));
      return cut.kind === 'completed' ? cut.choices[0]!.finish : cut.kind;
    };
    assert.deepEqual([await finishAt(2, tokens - 1), await finishAt(3, 8)], ['stop', 'length']);
    assert.ok(text.endsWith('}'), text);
  });
});

describe('openEngine', () => {
  it('gives the choices asked for, each within its tokens, and counts the prompt once', async (t) => {
    const { ask } = await open(t);
    const reply = await ask(complete(1, { n: 3 }));
    assert.ok(reply.kind === 'completed');
    assert.equal(reply.choices.length, 3);
    for (const { tokens, finish } of reply.choices)
      assert.ok(tokens <= 12 && (finish === 'stop') !== (tokens === 12));
    assert.ok(reply.promptTokens > 0);
  });

  it('answers more jobs than it has sequences, each as when it is alone', async (t) => {
    const { ask } = await open(t);
    const together = await Promise.all([1, 2, 3, 4, 5].map((id) => ask(complete(id))));
    const alone = await ask(complete(5));
    assert.deepEqual(together[4], alone);
    assert.deepEqual(
      together.map((reply) => 'id' in reply && reply.id),
      [1, 2, 3, 4, 5],
    );
  });

  it('ends a choice at a stop string and leaves it out', async (t) => {
    const { ask } = await open(t);
    const whole = await ask(complete(1, { tokensMax: 40 }));
    assert.ok(whole.kind === 'completed');
    const text = whole.choices[0]!.text;
    const stop = text.slice(4, 7);
    const cut = await ask(complete(1, { tokensMax: 40, stop: [stop] }));
    assert.ok(cut.kind === 'completed');
    assert.equal(cut.choices[0]!.text, text.slice(0, text.indexOf(stop)));
    assert.equal(cut.choices[0]!.finish, 'stop');
  });

  it('gives probabilities of replies', async (t) => {
    const { ask } = await open(t);
    const prompt = template.promptParts({ kind: 'user', text: 'Is 2 even?' });
    const reply = await ask({ kind: 'choose', id: 1, prompt, options: ['Yes', 'No'] });
    assert.ok(reply.kind === 'chosen');
    const [yes, no] = reply.probabilities as [number, number];
    assert.ok(yes >= 0 && no >= 0 && yes + no <= 1 + 1e-6, `${yes} ${no}`);
  });

  it('refuses a prompt that does not fit, and says by how much', async (t) => {
    const { ask } = await open(t);
    const prompt = template.promptParts({ kind: 'user', text: 'word '.repeat(600) });
    const reply = await ask(complete(1, { prompt }));
    assert.ok(reply.kind === 'promptTooLong');
    assert.ok(reply.promptTokens > reply.contextTokens);
    assert.equal(reply.contextTokens, 256);
  });

  it('does not open with more context than the model was trained for', async () => {
    const opening = openEngine(
      { ...OPTIONS, contextTokens: 1_000_000 },
      () => undefined,
      () => undefined,
    );
    await assert.rejects(opening, /it was trained for \d+ tokens of context, found contextTokens: 1000000/);
  });
});

it('keyCacheType asks for Q8_0 only where heads are whole blocks of 32 but not of 64', () => {
  const of = (width: unknown, heads: unknown): object =>
    keyCacheType({
      fileInfo: { architectureMetadata: { embedding_length: width, attention: { head_count: heads } } },
    } as never);
  assert.deepEqual(of(128, 4), { experimentalKvCacheKeyType: 'Q8_0' });
  assert.deepEqual(of(4096, 64), {});
  assert.deepEqual(of(80, 4), {});
  assert.deepEqual(of(undefined, 4), {});
});

it('stopsOf takes a single control token for a marker, and searches the text for all others', () => {
  const ids: Record<string, number[]> = { '<|im_end|>': [7], '\n': [8], 'Problem:': [9, 10] };
  const model = {
    tokenize: (text: string) => ids[text]!,
    getTokenAttributes: (token: number) => ({ control: token === 7 }),
  };
  const stops = stopsOf(model as never, Object.keys(ids));
  assert.deepEqual([...stops.tokens], [7]);
  assert.deepEqual(stops.texts, ['\n', 'Problem:']);
});
