import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KNOWN_MARKERS, markersOf } from '../../src/text/markers.js';

/** Control tokens of the families, as their tokenizers spell them. */
const CONTROL = [
  ...['<|im_start|>', '<|im_end|>', '<|endoftext|>', '<|im_sep|>', '<|fim_prefix|>', '<|vision_start|>'],
  ...['<|begin_of_text|>', '<|start_header_id|>', '<|eot_id|>', '<|eom_id|>', '<|python_tag|>', '<|eot|>'],
  ...['<|user|>', '<|assistant|>', '<|system|>', '<|end|>', '<|observation|>', '<|start_of_role|>'],
  ...['<|start|>', '<|message|>', '<|channel|>', '<|return|>', '<|reserved_special_token_12|>'],
  ...[
    '<｜User｜>',
    '<｜Assistant｜>',
    '<｜begin▁of▁sentence｜>',
    '<｜end▁of▁sentence｜>',
    '<｜tool▁calls▁begin｜>',
  ],
  ...['<start_of_turn>', '<end_of_turn>', '<bos>', '<eos>', '<pad>', '<unk>', '<|turn>', '<turn|>', '<|"|>'],
  ...['[INST]', '[/INST]', '<<SYS>>', '<</SYS>>', '</s>', '[TOOL_CALLS]', '[/AVAILABLE_TOOLS]'],
  ...['<|START_OF_TURN_TOKEN|>', '<|CHATBOT_TOKEN|>', '<EOS_TOKEN>', '[gMASK]', '<sop>', '[|assistant|]'],
  ...['<extra_id_1>', '<unused99>', '[UNUSED_TOKEN_146]', '<fim_middle>', ']~b]', '[e~[', '<seed:eos>'],
  ...['<beginning_of_sentence>', '<|User|>', '<|im_user|>', '<|Bot|>', '<|EOT|>'],
];

/** Honest texts that look alike. */
const HONEST = [
  'The mean of <|x|> over the lattice, where |<x>| < 1.',
  '⟨ψ|H|ψ⟩, in ASCII <psi|H|psi>, and its modulus |<psi|H|psi>|',
  'the expectation <|psi|> of the spin, <|alpha|> and <|psi_1|>, and <|x_12|>',
  'a |<x, if 1 <| y, and y |> f; let xs |> List.map f <| ys',
  'Crossed out: <s>12</s> 13 apples, and <s class="old">1</s>.',
  'the spin average <s> of the ring, and ideals <x>, <y> with <x><y>',
  '<b>Bold</b>, <i>x</i>, <start> and <end> tags, <div class="a">',
  'the interval [A, B], the list [INSTALL], [1/3], matrix [[1, 2], [3, 4]], set {[a]|[b]}',
  '<think>First add.</think> 4. <answer>4</answer> <tool_call>{}</tool_call>',
  'P(|X| > 1) = P(|X|>1), <|>, <||>, <| |>, <｜>, ｜x｜ < ｜y｜',
  'User: how many? Assistant: four.',
  '#include <vector>\nstd::vector<int> a; template <typename T> struct s<T>;',
  'im_end, im_start, INST and endoftext without their signs',
];

for (const token of CONTROL) {
  test(`${token} is a marker, wherever it stands`, () => {
    for (const text of [token, `2+2?${token}\nYes`, `x < ${token}`, `<${token}>`, `<|x|>${token}<|y|>`]) {
      assert.deepEqual(KNOWN_MARKERS.find(text), { text: token, at: text.indexOf(token) }, text);
    }
  });
}

for (const text of HONEST) {
  test(`no marker stands in ${JSON.stringify(text)}`, () => {
    assert.equal(KNOWN_MARKERS.find(text), null);
    assert.equal(KNOWN_MARKERS.withoutEnd(text), text);
  });
}

test('an end of struck text is a marker where nothing begins it', () => {
  assert.equal(KNOWN_MARKERS.find('<s>1</s> 2')?.text, undefined);
  assert.equal(KNOWN_MARKERS.find('1</s> 2')?.text, '</s>');
  assert.equal(KNOWN_MARKERS.find('<s>1</s> 2</s>')?.text, '</s>');
});

test('tokens of the template in use are markers, whatever they look like', () => {
  const own = markersOf({ tokens: ['<s>', '</s>', '<mask>', '<|x|>', '(*)'] });
  for (const token of ['<s>', '</s>', '<mask>', '<|x|>', '(*)'])
    assert.equal(own.find(`<s1> ${token}`)?.text, token);
  assert.equal(own.find('<s1> <y> <|y|> (+)'), null);
  assert.equal(own.find('<|im_end|>')?.text, '<|im_end|>', 'and so are those of other families');
});

test('a turn in plain text begins a line, or stands after a space, as in its template', () => {
  const lines = markersOf({ turns: ['\nAssistant:', '\nUser:'] });
  assert.deepEqual(lines.find('2+2?\n\n  Assistant: 4'), { text: 'Assistant:', at: 6 });
  assert.equal(lines.find('User: 2+2?')?.text, 'User:');
  assert.equal(lines.find('The Teaching Assistant: says'), null);
  const spaced = markersOf({ turns: [' ASSISTANT:'] });
  assert.equal(spaced.find('2+2? ASSISTANT: 4')?.text, 'ASSISTANT:');
  assert.equal(spaced.find('2+2?ASSISTANT: 4'), null);
});

test('markers at the end are cut off, and nothing else', () => {
  const { withoutEnd } = markersOf({ tokens: ['<s>'] });
  assert.equal(withoutEnd('4.<|im_end|>'), '4.');
  assert.equal(withoutEnd('4.\n<｜end▁of▁sentence｜>\n<|im_end|> </s> <|im_start|>\n'), '4.\n');
  assert.equal(withoutEnd('4 <s>'), '4 ');
  assert.equal(withoutEnd('a <|im_end|>\nassistant '), 'a <|im_end|>\nassistant ');
  assert.equal(KNOWN_MARKERS.withoutEnd('<s>4</s>'), '<s>4</s>');
  assert.equal(KNOWN_MARKERS.withoutEnd('<s>4</s></s></s>'), '<s>4</s>');
  assert.equal(withoutEnd('4 <|x|>'), '4 <|x|>');
});

test('what is left of a text holds a marker if and only if one stood before its end', () => {
  const pieces = fc.array(fc.constantFrom('4', ' ', '\n', '<s>', '|>', '<|', '<|x|>', ...CONTROL), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join('');
      const rest = KNOWN_MARKERS.withoutEnd(text);
      assert.ok(text.startsWith(rest));
      assert.equal(KNOWN_MARKERS.withoutEnd(rest), rest);
      const found = KNOWN_MARKERS.find(rest);
      if (found) assert.equal(rest.slice(found.at, found.at + found.text.length), found.text);
    }),
  );
});

/** CPU time for a megabyte of the worst text that each reader meets. */
const HARD: Record<string, string> = {
  openings: '<|a'.repeat(350_000),
  names: `<|${'a'.repeat(60)}`.repeat(16_000),
  bars: '<｜x'.repeat(250_000),
  ends: '</s>'.repeat(250_000),
  struck: '<s>x</s>'.repeat(125_000),
  tokens: '<|x|>'.repeat(200_000),
  endTokens: '<|im_end|>'.repeat(100_000),
  spaces: ' '.repeat(1_000_000),
  lines: '\n \t'.repeat(350_000),
  plain: 'How many apples are left over? '.repeat(32_000),
};

for (const [name, text] of Object.entries(HARD)) {
  test(`a megabyte of ${name} is read within 250 ms of CPU`, () => {
    const markers = markersOf({ tokens: ['<s>', '[X]'], turns: ['\nAssistant:', ' USER:'] });
    for (const read of [markers.find, markers.withoutEnd, KNOWN_MARKERS.find, KNOWN_MARKERS.withoutEnd]) {
      const before = process.cpuUsage();
      read(text);
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 250_000, `${(user + system) / 1000} ms`);
    }
  });
}
