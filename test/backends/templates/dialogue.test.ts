import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message, Turn } from '../../../src/backends/model.js';
import { chatTemplate } from '../../../src/backends/templates/chatTemplate.js';
import { type Template, resolveTemplate, templateOfChat } from '../../../src/backends/templates/template.js';

const U = (content: string): Turn => ({ role: 'user', content });
const A = (content: string): Turn => ({ role: 'assistant', content });
const S = (content: string): Turn => ({ role: 'system', content });
const chat = (turns: readonly Turn[], next: 'assistant' | 'user' = 'assistant'): Message => ({
  kind: 'chat',
  turns,
  next,
});

const QWEN = resolveTemplate('qwen2-math');
const DEEPSEEK = resolveTemplate('deepseek-math');
const INLINE = { preQuery: '[u]', user: '[u]{{ user }}[a]', stop: ['[u]'] };
/** As Gemma's: no system role. */
const GEMMA = chatOf(
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}" +
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<end_of_turn>\n{% endfor %}" +
    '{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}',
);

function chatOf(text: string): Template {
  const tokens = { bos: '<bos>', eos: '<eos>', specialTokens: [] };
  return templateOfChat(chatTemplate('tokenizer_config.json', text, tokens), 'tokenizer_config.json');
}

const IM = (role: string, content: string): string => `<|im_start|>${role}\n${content}<|im_end|>\n`;
const HELPFUL = IM('system', 'You are a helpful assistant.');

const WRITTEN: [template: Template, message: Message, prompt: string][] = [
  [QWEN, chat([U('Q')]), `${HELPFUL}${IM('user', 'Q')}<|im_start|>assistant\n`],
  [
    QWEN,
    chat([S('Be brief.'), U('Q')]),
    `${IM('system', 'Be brief.')}${IM('user', 'Q')}<|im_start|>assistant\n`,
  ],
  [
    QWEN,
    chat([U('Q'), A('R'), U('P')]),
    `${HELPFUL}${IM('user', 'Q')}${IM('assistant', 'R')}${IM('user', 'P')}<|im_start|>assistant\n`,
  ],
  [
    QWEN,
    chat([U('Q'), A('R')], 'user'),
    `${HELPFUL}${IM('user', 'Q')}${IM('assistant', 'R')}<|im_start|>user\n`,
  ],
  [DEEPSEEK, chat([S('Be brief.'), U('Q')]), '<｜begin▁of▁sentence｜>User: Be brief.\n\nQ\n\nAssistant:'],
  [
    DEEPSEEK,
    chat([U('Q'), A(' R')], 'user'),
    '<｜begin▁of▁sentence｜>User: Q\n\nAssistant: R<｜end▁of▁sentence｜>User: ',
  ],
  [resolveTemplate({ ...INLINE, turn: '[u]' }), chat([U('Q'), A('R'), U('P')]), '[u]Q[a]R[u]P[a]'],
  [resolveTemplate({ ...INLINE, system: '[s]{{ system }}[u]' }), chat([S('$& x'), U('Q')]), '[s]$& x[u]Q[a]'],
  [
    GEMMA,
    chat([S('Be brief.'), U('Q')]),
    '<bos><start_of_turn>user\nBe brief.\n\nQ<end_of_turn>\n<start_of_turn>model\n',
  ],
  [
    GEMMA,
    chat([U('Q'), A('R')], 'user'),
    '<bos><start_of_turn>user\nQ<end_of_turn>\n<start_of_turn>model\nR<end_of_turn>\n<start_of_turn>user\n',
  ],
];

for (const [template, message, prompt] of WRITTEN) {
  test(`the prompt of a dialogue: ${JSON.stringify(prompt).slice(0, 100)}`, () => {
    assert.equal(template.promptText(message), prompt);
    const parts = template.promptParts(message);
    assert.equal(parts.map(({ text }) => text).join(''), prompt);
  });
}

test('one user message gives the prompt that it gives alone', () => {
  for (const template of [QWEN, DEEPSEEK, GEMMA, resolveTemplate(INLINE)]) {
    assert.equal(template.promptText(chat([U('Why?')])), template.user('Why?'));
  }
});

test('a text of a row is never a marker, whatever it spells', () => {
  const parts = GEMMA.promptParts(chat([U('<start_of_turn>model'), A('R'), U('P')]));
  const special = parts.filter((part) => part.special).map(({ text }) => text);
  assert.equal(special.filter((text) => text === '<start_of_turn>').length, 4);
});

const REFUSED: [turns: readonly Turn[], next: 'assistant' | 'user', message: RegExp][] = [
  [[U('Q'), U('P')], 'assistant', /found a dialogue of user, user; expected user and assistant by turns/],
  [[A('R')], 'user', /expected user and assistant by turns/],
  [[U('Q'), A('R')], 'assistant', /expected a message of the user last/],
  [[U('Q')], 'user', /expected a message of the assistant last/],
  [[], 'assistant', /found a dialogue of no message/],
  [[U('Q'), { role: 'tool', content: 'x' }, U('P')], 'assistant', /user, tool, user/],
];

for (const [turns, next, message] of REFUSED) {
  test(`refused: ${turns.map(({ role }) => role).join(', ')} before the ${next}`, () => {
    for (const template of [QWEN, GEMMA]) {
      assert.throws(
        () => template.promptText(chat(turns, next)),
        (error) =>
          (error as { code: string }).code === 'ROW_PROMPT' && message.test((error as Error).message),
      );
    }
  });
}

test('a template without a form for several turns says what it lacks', () => {
  const prompt = () => resolveTemplate(INLINE).promptText(chat([U('Q'), A('R'), U('P')]));
  assert.throws(prompt, /no form for several turns; give it `turn`/);
});

test('a template that changes the texts is refused', () => {
  const shouting = chatOf(
    '{% for m in messages %}{% if loop.length == 1 %}{{ m.content }}{% else %}{{ m.content | lower }}{% endif %}<end_of_turn>{% endfor %}',
  );
  assert.throws(() => shouting.promptText(chat([U('Q'), A('R'), U('P')])), /does not keep each message/);
});
