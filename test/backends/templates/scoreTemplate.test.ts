import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { resolveScoreTemplate, scoreTemplateSchema } from '../../../src/backends/templates/scoreTemplate.js';

describe('resolveScoreTemplate', () => {
  it('puts texts in as they are, whatever they hold', () => {
    const { render } = resolveScoreTemplate({ pair: 'U{{user}}A{{ assistant }}.', user: 'U{{ user }}.' });
    assert.equal(
      render({ user: '{{ assistant }} $&', assistant: '{{ user }}' }),
      'U{{ assistant }} $&A{{ user }}.',
    );
    assert.equal(render({ user: 'x', assistant: null }), 'Ux.');
  });

  it('closes both turns of qwen2-math', () => {
    const { render } = resolveScoreTemplate('qwen2-math');
    assert.equal(
      render({ user: 'q', assistant: 'r' }),
      '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nq<|im_end|>\n' +
        '<|im_start|>assistant\nr<|im_end|>\n',
    );
  });

  it('ends at the reward token of internlm2-reward', () => {
    const { render } = resolveScoreTemplate('internlm2-reward');
    assert.equal(
      render({ user: 'q', assistant: 'r' }),
      '<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\nr<|im_end|>\n<|reward|>',
    );
    assert.equal(render({ user: 'q', assistant: null }), '<|im_start|>user\nq<|im_end|>\n<|reward|>');
  });

  it('renders the model’s own template without a generation prompt', () => {
    const folder = mkdtempSync(join(tmpdir(), 'scalequest-'));
    try {
      const chat_template =
        "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}" +
        '{% if add_generation_prompt %}[assistant]{% else %}<|reward|>{% endif %}';
      writeFileSync(
        join(folder, 'tokenizer_config.json'),
        JSON.stringify({ chat_template, bos_token: { content: '<s>' }, eos_token: '</s>' }),
      );
      const { render } = resolveScoreTemplate({ tokenizer: folder });
      assert.equal(render({ user: 'q', assistant: 'r' }), '<s>[user]q[assistant]r<|reward|>');
      assert.equal(render({ user: 'q', assistant: null }), '<s>[user]q<|reward|>');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('needs both slots once in a pair', () => {
    for (const pair of ['{{ user }}', '{{ user }}{{ user }}{{ assistant }}', 'plain']) {
      assert.equal(scoreTemplateSchema.safeParse({ pair }).success, false, pair);
    }
  });
});
