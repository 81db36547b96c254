import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolveScoreTemplate } from '../../../src/backends/templates/scoreTemplate.js';
import { type TemplateConfig, resolveTemplate } from '../../../src/backends/templates/template.js';
import { templateMarkers } from '../../../src/backends/templates/templateMarkers.js';
import { testFolder } from '../../helpers/files/testFolder.js';

function found(config: TemplateConfig, text: string): string | undefined {
  return resolveTemplate(config).markers.find(text)?.text;
}

const MISTRAL = { preQuery: '<s>[INST] ', user: '<s>[INST] {{ user }} [/INST]', stop: ['</s>', '[INST]'] };
const ALPACA = {
  preQuery: 'Below is a task.\n\n### Instruction:\n',
  user: 'Below is a task.\n\n### Instruction:\n{{ user }}\n\n### Response:\n',
  stop: ['### Instruction:', '</s>'],
};
const VICUNA = { preQuery: 'A chat. USER: ', user: 'A chat. USER: {{ user }} ASSISTANT:', stop: ['</s>'] };
const FEW_SHOT = { preQuery: 'Q: 1+1?\nA: 2\n\nQ: ', user: 'Q: {{ user }}\nAnswer:', stop: ['\n\nQ:'] };

test('the markers of a template are those that it writes and those that end it', () => {
  assert.equal(found(MISTRAL, '<s>1</s>'), '<s>', 'struck text cannot be told from its tokens');
  assert.equal(found('qwen2-math', '<s>1</s>'), undefined);
  const odd = { preQuery: '<human>', user: '<human>{{ user }}<robot>', stop: ['<stop>'] };
  for (const token of ['<human>', '<robot>', '<stop>']) assert.equal(found(odd, `2 ${token} 3`), token);
  assert.equal(found('chatml', '<human>'), undefined);
});

test('where plain text ends a message, its lines are markers', () => {
  assert.equal(found('deepseek-math', '2+2?\n\nAssistant: Yes'), 'Assistant:');
  assert.equal(found('deepseek-math', '2+2?\n\nUser: And 3+3?'), 'User:');
  assert.equal(found('deepseek-math', 'Her assistant: Ann. The Assistant: Bob.'), undefined);
  assert.equal(found(ALPACA, '2+2?\n\n### Response:\nYes'), '### Response:');
  assert.equal(found(ALPACA, 'The response: yes. Response: yes'), undefined);
  assert.equal(found(VICUNA, '2+2? ASSISTANT: Yes USER: And 3+3?'), 'ASSISTANT:');
});

test('a template whose markers end a message has no such lines, and words that are no roles are none', () => {
  assert.equal(found('qwen2-math', '2+2?\n\nAssistant: Yes\n\nuser\n'), undefined);
  assert.equal(found(FEW_SHOT, 'Q: 2+2?\nAnswer: 4\nA: 5'), undefined);
});

test('tags of thoughts and tools are text that models write, though a template may write them too', () => {
  const thinking = {
    preQuery: '<|im_start|>user\n',
    user: '<|im_start|>user\n{{ user }}<|im_end|>\n<|im_start|>assistant\n<think>\n',
    stop: ['<|im_end|>'],
  };
  assert.equal(found(thinking, '<think>Two and two.</think> 4'), undefined);
});

test('special tokens that a tokenizer names count; added ones that are not special, words and spaces do not', async (t) => {
  const folder = await testFolder(t);
  mkdirSync(join(folder, 'model'));
  const config = {
    chat_template:
      '{{ bos_token }}{% for m in messages %}<§{{ m.role }}§>{{ m.content }}<§end§>{% endfor %}{% if add_generation_prompt %}<§assistant§>{% endif %}',
    bos_token: { content: '<§bos§>' },
    eos_token: '<§end§>',
    pad_token: ' ',
    additional_special_tokens: ['«tool»', 'word'],
    extra_special_tokens: { image: '<§image§>' },
    added_tokens_decoder: {
      5: { content: '«hidden»', special: true, lstrip: false },
      6: { content: '«shown»', special: false },
    },
  };
  writeFileSync(join(folder, 'model', 'tokenizer_config.json'), JSON.stringify(config));
  const template = { tokenizer: join(folder, 'model') };
  for (const { markers } of [resolveTemplate(template), resolveScoreTemplate(template)]) {
    for (const token of ['<§bos§>', '<§end§>', '<§user§>', '«tool»', '<§image§>', '«hidden»'])
      assert.equal(markers.find(`2 ${token} 3`)?.text, token);
    for (const text of ['«shown»', 'a word or  two', '<§>']) assert.equal(markers.find(text), null, text);
  }
});

test('score templates have the markers of both forms', () => {
  const { markers } = resolveScoreTemplate({
    pair: 'User: {{ user }}\n\nAssistant: {{ assistant }}<done>',
    user: '<alone>{{ user }}',
  });
  assert.equal(markers.find('2+2?\n\nAssistant: 4')?.text, 'Assistant:');
  assert.equal(markers.find('2+2?<alone>')?.text, '<alone>');
  assert.equal(markers.find('2+2?<done>')?.text, '<done>');
  assert.equal(resolveScoreTemplate('internlm2-reward').markers.find('4<|reward|>')?.text, '<|reward|>');
});

test('a template of row text alone has the markers of all families', () => {
  const markers = templateMarkers({ forms: [['', ' ', '']] });
  assert.equal(markers.find('1 2'), null);
  assert.equal(markers.find('1<|eot_id|>2')?.text, '<|eot_id|>');
});
