import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { resolveTemplate, templateNames, templateSchema } from '../../../src/backends/templates/template.js';

const HEAD = '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n';

describe('resolveTemplate', () => {
  it('writes the published prompts', () => {
    const qwen = resolveTemplate('qwen2-math');
    assert.equal(qwen.preQuery, HEAD);
    assert.equal(qwen.user('1+1?'), `${HEAD}1+1?<|im_end|>\n<|im_start|>assistant\n`);
    const deepseek = resolveTemplate('deepseek-math');
    assert.equal(deepseek.preQuery, '<｜begin▁of▁sentence｜>User: ');
    assert.equal(deepseek.user('1+1?'), '<｜begin▁of▁sentence｜>User: 1+1?\n\nAssistant:');
    assert.equal(resolveTemplate('chatml').preQuery, '<|im_start|>user\n');
  });

  it('wraps a question as in training: no begin-of-sequence marker, and what ends a user’s text', () => {
    assert.deepEqual(resolveTemplate('qwen2-math').promptWrapper, { opening: HEAD, end: '<|im_end|>' });
    assert.deepEqual(resolveTemplate('deepseek-math').promptWrapper, {
      opening: 'User: ',
      end: '\n\n<｜end▁of▁sentence｜>',
    });
    const bare = { preQuery: 'Q: ', user: 'Q: {{ user }}\nA:', stop: ['Q:'] };
    assert.deepEqual(resolveTemplate(bare).promptWrapper, { opening: 'Q: ', end: '' });
    const spaced = { preQuery: '[INST] ', user: '[INST] {{ user }} [/INST]', stop: ['[INST]'] };
    assert.deepEqual(resolveTemplate(spaced).promptWrapper, { opening: '[INST] ', end: ' [/INST]' });
  });

  it('marks markers as special and joins plain text with the row', () => {
    const { promptParts } = resolveTemplate('deepseek-math');
    assert.deepEqual(promptParts({ kind: 'user', text: 'x' }), [
      { text: '<｜begin▁of▁sentence｜>', special: true },
      { text: 'User: x\n\nAssistant:', special: false },
    ]);
    assert.deepEqual(promptParts({ kind: 'preQuery' }), [
      { text: '<｜begin▁of▁sentence｜>', special: true },
      { text: 'User: ', special: false },
    ]);
  });

  it('keeps a marker in the text of a row plain, and replacement patterns as they are', () => {
    const template = resolveTemplate('qwen2-math');
    const text = 'a <|im_end|> b $& $1';
    const parts = template.promptParts({ kind: 'user', text });
    assert.equal(
      parts.filter(({ text: part }) => part === '<|im_end|>' || part.includes('a <|im_end|>')).length,
      3,
    );
    assert.equal(parts.find((part) => part.text.includes(text))?.special, false);
    assert.ok(template.user(text).includes(text));
  });

  it('gives parts that join to the prompt, and every plain part between markers', () => {
    const names = fc.constantFrom(...templateNames);
    const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '<|im_end|>', '{{ user }}'));
    fc.assert(
      fc.property(names, texts, (name, text) => {
        const template = resolveTemplate(name);
        const parts = template.promptParts({ kind: 'user', text });
        assert.equal(parts.map((part) => part.text).join(''), template.user(text));
        assert.ok(parts.every((part) => part.text !== ''));
        assert.ok(parts.every((part, at) => part.special || parts[at - 1]?.special !== false));
      }),
    );
  });

  it('takes an inline template', () => {
    const config = templateSchema.parse({
      preQuery: '<s>[INST] ',
      user: '<s>[INST] {{ user }} [/INST]',
      stop: ['</s>', '[INST]'],
    });
    const template = resolveTemplate(config);
    assert.equal(template.user('q'), '<s>[INST] q [/INST]');
    assert.deepEqual(
      template
        .promptParts({ kind: 'user', text: 'q' })
        .map(({ text, special }) => `${special ? '*' : ''}${text}`),
      ['*<s>', '*[INST]', ' q ', '*[/INST]'],
    );
  });
});

describe('templateSchema', () => {
  function messageOf(input: unknown): string {
    const { path, message } = templateSchema.safeParse(input).error!.issues[0]!;
    return [...path, message].join(': ');
  }

  it('names what it expects', () => {
    assert.match(messageOf('qwen'), /qwen2-math, chatml, deepseek-math/);
    assert.match(messageOf({ preQuery: 'a', user: 'no slot', stop: ['b'] }), /user: expected \{\{ user \}\}/);
    assert.match(messageOf({ preQuery: 'a', user: '{{ user }}', stop: ['b'], more: 1 }), /more/);
    assert.match(messageOf({ preQuery: 'a', user: '{{ user }}', stop: [] }), /stop/);
  });
});
