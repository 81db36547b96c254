import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { pipelineJsonSchema, printPipelineReference } from '../../src/pipeline/reference/reference.js';
import type { ModelAbility, Protocol } from '../../src/backends/protocol.js';
import {
  PROTOCOLS,
  PROTOCOL_NAMES,
  describeModel,
  modelSchema,
  protocolOf,
  protocolsThatCan,
} from '../../src/backends/registry.js';
import { codeOf, sourceFiles } from '../helpers/files/sourceFiles.js';

const SERVER = { replicas: ['http://127.0.0.1:1/v1'], model: 'm' };
/** Of protocols whose models are no named models of a server. */
const OWN_OPTIONS: Readonly<Record<string, object>> = {
  llamaCpp: { path: 'a.gguf' },
  bubblewrap: {},
  sandboxFusion: { replicas: SERVER.replicas },
};
const TEMPLATES = { pair: '{{ user }} {{ assistant }}' };

describe('PROTOCOLS', () => {
  it('holds every protocol that is defined in src/backends', () => {
    const defined = sourceFiles('src/backends').flatMap((file) =>
      [...codeOf(file).matchAll(/export const (\w+) = \{\n(?:(?!\n\})[^])*\n\} satisfies Protocol</g)].map(
        ([, name]) => ({
          name: name!,
          path: file.path,
        }),
      ),
    );
    const missing = defined
      .filter(({ name }) => !(name in PROTOCOLS))
      .map(
        ({ name, path }) =>
          `${path} defines ${name}: add \`${name}\` to PROTOCOLS in src/backends/registry.ts`,
      );
    assert.deepEqual(missing, []);
    assert.equal(defined.length, PROTOCOL_NAMES.length);
  });

  it('names every protocol in the schema and in the reference', async () => {
    const schema = JSON.stringify(await pipelineJsonSchema());
    const reference = printPipelineReference();
    for (const name of PROTOCOL_NAMES) {
      assert.ok(schema.includes(`"required":["${name}"]`), name);
      assert.ok(reference.includes(`### ${name}\n`), name);
    }
  });

  it('says of each what it can be asked, as its description does', () => {
    for (const name of PROTOCOL_NAMES) {
      const options = OWN_OPTIONS[name] ?? { ...SERVER, input: undefined };
      const { can, scoresQuestions } = describeModel(modelSchema.parse({ [name]: clean(options) }));
      const { abilities } = PROTOCOLS[name] as Protocol;
      const claims = (ability: ModelAbility): boolean => abilities[ability] !== undefined;
      assert.deepEqual(
        [claims('preQuery'), claims('choose'), claims('score'), claims('embed'), claims('execute')],
        [can.preQuery, can.choose, can.score, can.embed, can.execute === true],
        name,
      );
      if (scoresQuestions) assert.ok(claims('scoreQuestion'), name);
    }
  });
});

function clean(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

describe('protocolOf', () => {
  it('takes a model apart into its protocol, its options and its template', () => {
    const { name, protocol, options, template } = protocolOf(modelSchema.parse({ tei: SERVER }));
    assert.equal(name, 'tei');
    assert.equal(protocol, PROTOCOLS.tei);
    assert.equal((options as { model: string }).model, 'm');
    assert.equal(template, 'chatml');
    assert.equal(protocolOf(modelSchema.parse({ embeddings: SERVER })).template, undefined);
  });
});

describe('describeModel', () => {
  it('knows whether a question can be scored alone, by protocol, input and template', () => {
    const scores = (config: unknown): boolean => describeModel(modelSchema.parse(config)).scoresQuestions;
    assert.equal(scores({ scorePair: SERVER }), false);
    assert.equal(scores({ tei: SERVER }), false);
    assert.equal(scores({ tei: { ...SERVER, input: 'text' } }), true);
    assert.equal(scores({ tei: { ...SERVER, input: 'text' }, template: TEMPLATES }), false);
    assert.equal(scores({ pooling: SERVER, template: TEMPLATES }), true);
    assert.equal(scores({ pooling: { ...SERVER, input: 'text' }, template: TEMPLATES }), false);
    assert.equal(scores({ classify: SERVER, template: TEMPLATES }), false);
    assert.equal(scores({ classify: { ...SERVER, input: 'messages' }, template: TEMPLATES }), true);
  });

  it('names the files of a model with the keys that lead to them', () => {
    const template = { tokenizer: 'tokenizer_config.json' };
    const { files } = describeModel(modelSchema.parse({ llamaCpp: { path: 'a.gguf' }, template }));
    assert.deepEqual(
      files.map(({ path, key }) => [path, ...key]),
      [
        ['a.gguf', 'llamaCpp', 'path'],
        ['tokenizer_config.json', 'template', 'tokenizer'],
      ],
    );
    assert.match(files[0]!.head!.fault(Buffer.from('PK\x03\x04')) ?? '', /expected a GGUF model/);
  });

  it('tells the servers of a model, and which of them are sent raw prompts', () => {
    const chat = describeModel(modelSchema.parse({ openai: { ...SERVER, protocol: 'chat' } }));
    const raw = describeModel(modelSchema.parse({ openai: { ...SERVER, extra: { a: 1 }, apiKeyEnv: 'K' } }));
    assert.equal(chat.rawPrompts, null);
    assert.deepEqual(raw.rawPrompts, { extra: { a: 1 } });
    assert.deepEqual(raw.servers, {
      ...{ replicas: SERVER.replicas, replicasFrom: undefined, model: 'm', apiKeyEnv: 'K' },
      ...{ isManaged: false, timeoutMs: 600_000 },
    });
    assert.equal(describeModel(modelSchema.parse({ llamaCpp: { path: 'a.gguf' } })).servers, null);
  });
});

it('protocolsThatCan lists every protocol that claims the ability, as a sentence does', () => {
  for (const ability of [
    'preQuery',
    'complete',
    'choose',
    'score',
    'scoreQuestion',
    'embed',
    'execute',
  ] as const) {
    const claimed = PROTOCOL_NAMES.flatMap((name) => {
      const needed = (PROTOCOLS[name] as Protocol).abilities[ability];
      return needed === undefined ? [] : [`${name} ${needed}`.trim()];
    });
    const sentence = protocolsThatCan(ability);
    assert.deepEqual(sentence.split(/, | or /), claimed, ability);
    assert.equal(sentence.split(' or ').length, Math.min(2, claimed.length), sentence);
  }
  assert.match(protocolsThatCan('scoreQuestion'), /^pooling, .*tei with `input: text`/);
});

it('the JSON Schema of models has one branch a protocol', () => {
  const { anyOf } = z.toJSONSchema(modelSchema, { io: 'input' }) as { anyOf: unknown[] };
  assert.equal(anyOf.length, PROTOCOL_NAMES.length);
});
