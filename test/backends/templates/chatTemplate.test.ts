import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { readChatTemplate, userMessageTextOf } from '../../../src/backends/templates/chatTemplate.js';
import { resolveTemplate } from '../../../src/backends/templates/template.js';
import { ScaleQuestError } from '../../../src/errors.js';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function tokenizer(config: unknown, jinja?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-'));
  folders.push(folder);
  writeFileSync(
    join(folder, 'tokenizer_config.json'),
    typeof config === 'string' ? config : JSON.stringify(config),
  );
  if (jinja !== undefined) writeFileSync(join(folder, 'chat_template.jinja'), jinja);
  return join(folder, 'tokenizer_config.json');
}

/** As the bundled model's (models/export_gguf.py), which is Qwen2-Math's. */
const QWEN =
  '{% for message in messages %}' +
  "{% if loop.first and messages[0]['role'] != 'system' %}" +
  "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}" +
  "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}" +
  '{% endfor %}' +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const LLAMA_3 =
  "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + " +
  "message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}" +
  '{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}' +
  "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

const MISTRAL =
  "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}" +
  "{{ raise_exception('Conversation roles must alternate') }}{% endif %}{% if message['role'] == 'user' %}" +
  "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}";

function codeAndMessage(work: () => unknown): [string, string] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ScaleQuestError);
    return [error.code, error.message];
  }
  return assert.fail('expected an error');
}

describe('a template from a tokenizer', () => {
  it('gives exactly the qwen2-math prompts', () => {
    const path = tokenizer({ chat_template: QWEN, eos_token: '<|endoftext|>', bos_token: null });
    const found = resolveTemplate({ tokenizer: path });
    const known = resolveTemplate('qwen2-math');
    assert.equal(found.preQuery, known.preQuery);
    for (const text of ['1+1?', 'two\nlines {{ user }} $&', '']) {
      assert.equal(found.user(text), known.user(text));
      const message = { kind: 'user', text } as const;
      assert.deepEqual(found.promptParts(message), known.promptParts(message));
    }
    assert.deepEqual([...found.stop].sort(), [...known.stop].sort());
  });

  it('reads one like Llama 3, with the begin-of-sequence token as an object', () => {
    const path = tokenizer({
      chat_template: LLAMA_3,
      bos_token: { content: '<|begin_of_text|>' },
      eos_token: '<|eot_id|>',
    });
    const { preQuery, user, stop, promptWrapper } = resolveTemplate({ tokenizer: path });
    assert.deepEqual(promptWrapper, {
      opening: '<|start_header_id|>user<|end_header_id|>\n\n',
      end: '<|eot_id|>',
    });
    assert.equal(preQuery, '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n');
    assert.equal(user('Hi'), `${preQuery}Hi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n`);
    assert.deepEqual(stop, ['<|eot_id|>', '<|start_header_id|>', '<|end_header_id|>']);
  });

  it('reads one like Mistral, from the file beside, which goes before', () => {
    const path = tokenizer({ chat_template: 'other', bos_token: '<s>', eos_token: '</s>' }, MISTRAL);
    const { preQuery, user, stop, promptWrapper } = resolveTemplate({ tokenizer: path });
    assert.deepEqual(promptWrapper, { opening: '[INST] ', end: ' [/INST]' });
    assert.equal(preQuery, '<s>[INST] ');
    assert.equal(user('Hi'), '<s>[INST] Hi [/INST]');
    assert.deepEqual(stop, ['[/INST]', '</s>']);
  });

  it('takes the default of named templates, and a folder', () => {
    const named = [
      { name: 'tool_use', template: 'x' },
      { name: 'default', template: QWEN },
    ];
    const path = tokenizer({ chat_template: named, eos_token: '<|im_end|>' });
    const folder = path.slice(0, path.lastIndexOf('/'));
    assert.equal(resolveTemplate({ tokenizer: folder }).preQuery, resolveTemplate('qwen2-math').preQuery);
  });

  it('gives the same prompts every day', () => {
    const dated =
      "{% if date_string is not defined %}{{ strftime_now('%d %b %Y') }}{% else %}{{ date_string }}{% endif %}";
    const path = tokenizer({ chat_template: dated + QWEN, eos_token: '</s>' });
    assert.match(resolveTemplate({ tokenizer: path }).preQuery, /^26 Jul 2024</);
  });

  const UNUSABLE: [why: string, config: unknown, message: RegExp][] = [
    ['no JSON', '{', /is no tokenizer_config.json that can be read/],
    ['no template', { eos_token: '</s>' }, /has no chat_template/],
    ['no Jinja', { chat_template: '{% if %}' }, /is not Jinja/],
    ['a text changed', { chat_template: "{{ messages[0]['content'] | upper }}</s>" }, /does not keep/],
    ['a text escaped', { chat_template: "{{ messages[0]['content'] | tojson }}</s>" }, /does not keep/],
    [
      'a text twice',
      { chat_template: "{{ messages[0]['content'] }}{{ messages[0]['content'] }}" },
      /does not keep/,
    ],
    [
      'an own error',
      { chat_template: "{{ raise_exception('no users') }}" },
      /cannot be rendered: .*no users/,
    ],
    ['nothing to stop at', { chat_template: "User: {{ messages[0]['content'] }}\n" }, /nothing would end/],
  ];
  for (const [why, config, expected] of UNUSABLE) {
    it(`refuses ${why}`, () => {
      const path = tokenizer(config);
      const [code, message] = codeAndMessage(() => resolveTemplate({ tokenizer: path }));
      assert.equal(code, 'ERR_MODEL_LOAD');
      assert.match(message, expected);
      assert.ok(message.startsWith(path));
    });
  }

  it('refuses a file that is not there', () => {
    assert.equal(
      codeAndMessage(() => readChatTemplate('/nowhere/tokenizer_config.json'))[0],
      'ERR_MODEL_LOAD',
    );
  });

  it('splits where the content stands', () => {
    const chat = {
      bos: undefined,
      eos: '</s>',
      specialTokens: [],
      render: ([message]: readonly { content: string }[]) => `<a>${message!.content}<b>`,
    };
    assert.deepEqual(userMessageTextOf(chat, 'p'), { before: '<a>', after: '<b>' });
  });
});
