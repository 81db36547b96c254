import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, it } from 'node:test';
import type { CompleteRequest, Message } from '../../../src/backends/model.js';
import { openModel } from '../../../src/backends/openModel.js';
import type { TemplateConfig } from '../../../src/backends/templates/template.js';
import { ScaleQuestError } from '../../../src/errors.js';
import { PACKAGE_FOLDER } from '../../../src/io/files/packageFiles.js';

/** The real engine on the bundled model, and on copies of it with other metadata. */

const BUNDLED = join(PACKAGE_FOLDER, 'models/tiny.gguf');
const USER: Message = { kind: 'user', text: 'Tom has 3 apples and buys 4. How many has he?' };
/** Its marker is the token that the copies with a begin-of-sequence token have as such. */
const BEGINS_WITH_BOS = { preQuery: '<|im_end|>user', user: '<|im_end|>{{ user }}', stop: ['<|im_start|>'] };
const BEGINS_OTHERWISE = { ...BEGINS_WITH_BOS, preQuery: '<|im_start|>user' };

function copyOf(t: TestContext, change: (bytes: Buffer) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'scalequest-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const bytes = readFileSync(BUNDLED);
  change(bytes);
  const path = join(folder, 'copy.gguf');
  writeFileSync(path, bytes);
  return path;
}

/** Keys of the same length, so that nothing moves. */
function rename(bytes: Buffer, from: string, to: string): number {
  const at = bytes.indexOf(from);
  assert.ok(at > 0 && from.length === to.length, from);
  return at + bytes.write(to, at, 'latin1');
}

function withBos(bytes: Buffer): void {
  rename(bytes, 'tokenizer.ggml.eos_token_id', 'tokenizer.ggml.bos_token_id');
  const key = 'tokenizer.ggml.add_bos_token';
  // Behind the key stand its type, in four bytes, and the flag.
  const flag = rename(bytes, key, key) + 4;
  assert.equal(bytes[flag], 0);
  bytes[flag] = 1;
}

async function open(t: TestContext, path: string, template?: TemplateConfig) {
  const config = {
    llamaCpp: { path, processes: 1, sequences: 1, contextTokens: 128 },
    ...(template && { template }),
  };
  const model = await openModel('tiny', config, { env: {}, folder: '/' });
  t.after(() => model.close());
  return model;
}

function ask(message: Message): CompleteRequest {
  return { seq: 0, message, n: 1, tokensMax: 24, temperature: 1, topP: 0.95, seed: 5 };
}

async function promptTokens(t: TestContext, path: string, template: TemplateConfig): Promise<number> {
  const model = await open(t, path, template);
  await model.complete({ ...ask({ kind: 'preQuery' }), tokensMax: 1 });
  return model.stats().promptTokens;
}

it('the template of the GGUF file counts where none is written: the bundled model is asked as with qwen2-math', async (t) => {
  const [own, named] = [await open(t, BUNDLED), await open(t, BUNDLED, 'qwen2-math')];
  for (const message of [USER, { kind: 'preQuery' } as const])
    assert.deepEqual(await own.complete(ask(message)), await named.complete(ask(message)));
  const choice = { seq: 0, message: USER, options: ['Yes', 'No'] };
  assert.deepEqual(await own.choose(choice), await named.choose(choice));
  assert.deepEqual(own.promptWrapper, named.promptWrapper);
});

it('a GGUF file without a template is refused with what to write, and works with it', async (t) => {
  const path = copyOf(t, (bytes) => void rename(bytes, 'tokenizer.chat_template', 'tokenizer.chat_templatX'));
  await assert.rejects(open(t, path), (error) => {
    assert.ok(error instanceof ScaleQuestError);
    assert.equal(error.code, 'ERR_MODEL_LOAD');
    assert.match(
      error.message,
      /^tiny: .*copy\.gguf holds no chat template .*expected `template` beside `llamaCpp`/,
    );
    return true;
  });
  const [written, bundled] = [await open(t, path, 'qwen2-math'), await open(t, BUNDLED)];
  assert.deepEqual(await written.complete(ask(USER)), await bundled.complete(ask(USER)));
});

it('the begin-of-sequence token that the GGUF file asks for stands once before a prompt', async (t) => {
  const path = copyOf(t, withBos);
  const bundled = await promptTokens(t, BUNDLED, BEGINS_OTHERWISE);
  assert.equal(await promptTokens(t, path, BEGINS_OTHERWISE), bundled + 1);
  assert.equal(await promptTokens(t, path, BEGINS_WITH_BOS), bundled);
});
