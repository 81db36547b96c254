import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openModel } from '../../src/backends/openModel.js';
import { readReply } from '../../src/backends/protocols/readOpenaiReply.js';
import { TryFailure } from '../../src/backends/http/tryFailure.js';
import { OPENAI_SPEAKS } from '../../src/backends/protocols/readOpenaiReply.js';
import { ScaleQuestError } from '../../src/errors.js';
import { systemClock } from '../../src/clock.js';
import { startFaultServer } from '../helpers/servers/faultServer.js';
import { PROTOCOL_KINDS } from '../helpers/servers/protocolKinds.js';

/**
 * Replies of every protocol, changed at random, over real sockets. Whatever comes, a call ends with what the reply said or with
 * an error of ours, soon, and no number or text in the result is one that the server did not send.
 */

const RUNS = Number(process.env['MUTATIONS'] ?? 60);
const CPU_MS_PER_MEGABYTE_MAX = 250;

const ODD: readonly unknown[] = [
  ...[null, true, -1, 0.5, 1e308, '', 'x', [], {}, [[]], '\u001b[2J', 'STOP', 'abort', 'length', 429, '429'],
  ...[{ error: { code: 429 } }, { message: 'no', code: 400 }, [{ type: 'text', text: 'six' }]],
];

interface Mutation {
  /** Which of the places in the reply. */
  place: number;
  how: 'replace' | 'remove' | 'wrap' | 'cut' | 'byte' | 'double';
  odd: unknown;
}

const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    place: fc.nat(200),
    how: fc.constantFrom('replace', 'replace', 'remove', 'wrap', 'cut', 'byte', 'double'),
    odd: fc.oneof(fc.constantFrom(...ODD), fc.jsonValue()),
  }) as fc.Arbitrary<Mutation>,
  { minLength: 1, maxLength: 3 },
);

/** Every value in a reply, as the object that holds it and its key there. */
function placesOf(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (value === null || typeof value !== 'object') return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

function mutated(reply: unknown, changes: readonly Mutation[]): Buffer {
  const root = { reply: structuredClone(reply) };
  for (const { place, how, odd } of changes) {
    const places = placesOf(root);
    const { holder, key } = places[place % places.length]!;
    if (how === 'replace') holder[key] = structuredClone(odd);
    if (how === 'wrap') holder[key] = [holder[key]];
    if (how === 'double' && Array.isArray(holder[key]))
      holder[key].push(...structuredClone(holder[key] as unknown[]));
    if (how === 'remove' && key !== 'reply') delete holder[key];
  }
  const bytes = Buffer.from(JSON.stringify(root.reply));
  const byte = changes.find(({ how }) => how === 'byte');
  if (byte && bytes.length > 0) bytes[byte.place % bytes.length]! ^= 1 << (byte.place % 8);
  const cut = changes.find(({ how }) => how === 'cut');
  return cut ? bytes.subarray(0, cut.place % (bytes.length + 1)) : bytes;
}

/** Whether what a call gave stands in what the server sent. Probabilities are computed, so they must only be probabilities. */
function assertSaid(name: string, values: readonly unknown[], sent: Buffer): void {
  const text = sent.toString();
  for (const value of values) {
    if (name === 'choose') assert.ok((value as number) >= 0 && (value as number) <= 1);
    else if (typeof value === 'number') assert.ok(Number.isFinite(value));
    else for (const word of (value as string).split(/(?:six|five)/)) assert.ok(word.length <= text.length);
  }
}

for (const [name, { open, reply, ask }] of Object.entries(PROTOCOL_KINDS)) {
  test(`changed replies of ${name} end in a value that was sent or in an error of ours`, async (t) => {
    let bytes: Buffer = Buffer.alloc(0);
    const server = await startFaultServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(bytes);
    });
    t.after(() => server.stop());
    const [kind, ...more] = Object.entries(open);
    const options = { replicas: [server.url], retriesMax: 0, ...(kind![1] as object) };
    const config = { [kind![0]]: options, ...Object.fromEntries(more) };
    const ours = { values: 0, errors: 0 };
    const one = async (changes: readonly Mutation[]): Promise<void> => {
      bytes = mutated(reply, changes);
      const deps = { env: {}, folder: '.', clock: systemClock, random: () => 0 };
      const model = await openModel('m', config as never, deps);
      // A wrapped 429 is waited for as long as it takes.
      const late = setTimeout(() => void model.close(), 1500);
      try {
        assertSaid(name, await ask(model), bytes);
        ours.values += 1;
      } catch (error) {
        assert.ok(error instanceof ScaleQuestError, `${String((error as Error).stack)}\n${bytes.toString()}`);
        assert.notEqual(error.code, 'ERR_INVARIANT');
        assert.doesNotMatch(error.message, /(?![\n\t])\p{Cc}/u);
        ours.errors += 1;
      } finally {
        clearTimeout(late);
        await model.close();
      }
    };
    // The clean reply first: a test that only meets errors would show nothing.
    bytes = Buffer.from(JSON.stringify(reply));
    await one([{ place: 0, how: 'double', odd: null }]);
    assert.equal(ours.values, 1, JSON.stringify(reply));
    await fc.assert(fc.asyncProperty(mutations, one), { numRuns: RUNS, interruptAfterTimeLimit: 20_000 });
    assert.ok(ours.errors > 0);
  });
}

test('a reply of a megabyte costs little, whatever it repeats', () => {
  const context = {
    ...{ label: 'm', model: 'm', apiKeyEnv: undefined, apiKey: 'sk-0123456789', lastAnswer: { atMs: 1 } },
    ...{ speaks: OPENAI_SPEAKS, nowMs: () => 0 },
  };
  const unit = fc.oneof(
    fc.constantFrom(
      '[',
      '{"a":',
      '"',
      '\\',
      '\\"',
      'NaN,',
      '-',
      '1',
      '{}',
      '[],',
      ' ',
      'x',
      '{"text":"a"},',
      '{"error":',
    ),
    fc.string({ minLength: 1, maxLength: 6 }),
  );
  const frame = fc.constantFrom(
    '',
    '{"choices":[',
    '{"error":',
    '{"choices":[{"text":"',
    '{"detail":[',
    '{"x":NaN,"choices":',
  );
  fc.assert(
    fc.property(frame, unit, fc.constantFrom(200, 400), (before, repeated, status) => {
      const text = before + repeated.repeat(Math.ceil(1e6 / repeated.length));
      const cpuMsOfReading = (): number => {
        const started = process.cpuUsage();
        try {
          readReply(
            { status, text, header: () => undefined },
            { n: 1, tokensMax: 9, stop: ['<|end|>'] },
            context,
          );
        } catch (error) {
          assert.ok(
            error instanceof ScaleQuestError || error instanceof TryFailure,
            String((error as Error).stack),
          );
        }
        const { user, system } = process.cpuUsage(started);
        return (user + system) / 1000;
      };
      // Node compiles and collects in between: the least of a few tries counts.
      let cpuMs = cpuMsOfReading();
      for (let more = 0; more < 4 && cpuMs >= CPU_MS_PER_MEGABYTE_MAX; more++)
        cpuMs = Math.min(cpuMs, cpuMsOfReading());
      assert.ok(cpuMs < CPU_MS_PER_MEGABYTE_MAX, `${cpuMs} ms`);
    }),
    { numRuns: 40, interruptAfterTimeLimit: 20_000 },
  );
});
