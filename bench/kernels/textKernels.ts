import { requestKeys } from '../../src/backends/cache/requestKey.js';
import { OPENAI_SPEAKS, readReply } from '../../src/backends/protocols/readOpenaiReply.js';
import { readPromptFile } from '../../src/io/files/packageFiles.js';
import { readVerdict } from '../../src/operators/judgeSolvability.js';
import { createBands } from '../../src/operators/lib/near/bands.js';
import { createFingerprints } from '../../src/operators/lib/near/fingerprint.js';
import { shinglesReader } from '../../src/operators/lib/near/shingles.js';
import { words as wordsOf } from '../../src/operators/lib/words.js';
import { compilePrompt } from '../../src/operators/lib/prompts/prompt.js';
import { deriveSeed } from '../../src/random.js';
import { statedAnswer } from '../../src/text/finalAnswer.js';
import type { Kernel } from './kernel.js';
import { benchValues } from './rows.js';

const QUERY = 1;
const RESPONSE = 2;

/** Questions of about 240 characters. */
function questions(count: number): string[] {
  return benchValues(0, count)[QUERY] as string[];
}

/** Responses of about 1,150 characters. */
function responses(count: number): string[] {
  return benchValues(0, count)[RESPONSE] as string[];
}

/** The seed of each row of a step (xxHash). */
export const seeds: Kernel = {
  name: 'seeds',
  unit: 'seeds',
  count: 1024,
  prepare(count) {
    return { run: () => Array.from({ length: count }, (_, seq) => deriveSeed(7, 'respond', seq)) };
  },
};

/** Under which key the store keeps a reward of a question and its response (SHA-256). */
export const requestKey: Kernel = {
  name: 'requestKey',
  unit: 'requests',
  count: 256,
  prepare(count) {
    const keys = requestKeys('a reward model');
    const users = questions(count);
    const requests = responses(count).map((assistant, seq) => ({
      seq,
      items: [{ user: users[seq]!, assistant }],
    }));
    return { run: () => requests.map((request) => keys.score(request)) };
  },
};

/** The words that `deduplicate` compares. */
export const words: Kernel = {
  name: 'words',
  unit: 'questions',
  count: 256,
  prepare(count) {
    const texts = questions(count);
    return { run: () => texts.map(wordsOf) };
  },
};

/** The hash of the words, and those of all runs of three words. */
export const shingles: Kernel = {
  name: 'shingles',
  unit: 'questions',
  count: 256,
  prepare(count) {
    const texts = questions(count);
    const read = shinglesReader({ ignoreNumbers: false });
    const shinglesOf = (text: string) => {
      const { keyLow, keyHigh, hashes, count: distinct } = read(text);
      return [keyLow, keyHigh, hashes.slice(0, distinct)];
    };
    return { run: () => texts.map(shinglesOf) };
  },
};

/** What is remembered of a question, as bytes: shingles, signature and bands. */
export const fingerprints: Kernel = {
  name: 'fingerprints',
  unit: 'questions',
  count: 256,
  prepare(count) {
    const texts = questions(count);
    const read = shinglesReader({ ignoreNumbers: false });
    const written = createFingerprints(createBands(0.8));
    const encoded = (text: string): Uint8Array => {
      written.of(read(text));
      return written.encode();
    };
    return { run: () => texts.map(encoded) };
  },
};

/** The judge's prompt around each question (Jinja). */
export const prompt: Kernel = {
  name: 'prompt',
  unit: 'prompts',
  count: 256,
  prepare(count) {
    const context = { seed: 0, models: {}, prompt: readPromptFile };
    const render = compilePrompt(context, 'judgeSolvability', undefined, ['question']);
    const texts = questions(count);
    return { run: () => texts.map((question) => render({ question })) };
  },
};

/** The verdict at the end of a judge's reasoning. */
export const verdict: Kernel = {
  name: 'verdict',
  unit: 'replies',
  count: 256,
  prepare(count) {
    const endings = ['Yes', '**No**.', '\n\nSo the answer is: yes', 'No\n'];
    const replies = responses(count).map((text, at) => `${text}${endings[at % endings.length]}`);
    return { run: () => replies.map(readVerdict) };
  },
};

/** The final answer that a solution states: boxed, in words, or none. */
export const answer: Kernel = {
  name: 'answer',
  unit: 'solutions',
  count: 256,
  prepare(count) {
    const endings = ['Thus \\boxed{\\frac{3}{4}}.', '\nThe answer is $x = 12$.', '\n#### 1,250', 'and so on'];
    const solutions = responses(count).map(
      (text, at) => `${text.replaceAll('\\boxed', '\\mathbf')}${endings[at % endings.length]}`,
    );
    return { run: () => solutions.map(statedAnswer) };
  },
};

/** The body of a server's reply, as vLLM writes it, to the choices of a row. */
export const reply: Kernel = {
  name: 'reply',
  unit: 'replies',
  count: 256,
  prepare(count) {
    const context = {
      ...{ label: 'the server', model: 'm', apiKeyEnv: undefined, apiKey: undefined },
      lastAnswer: { atMs: 0 },
      speaks: OPENAI_SPEAKS,
      nowMs: () => 0,
    };
    const asked = { n: 1, tokensMax: 2048, stop: ['<|im_end|>'] };
    const replies = responses(count).map((text, at) => ({
      status: 200,
      header: (name: string) => (name === 'content-type' ? 'application/json' : undefined),
      text: vllmBody(text, at),
    }));
    return { run: () => replies.map((each) => readReply(each, asked, context)) };
  },
};

function vllmBody(text: string, at: number): string {
  const [prompt_tokens, completion_tokens] = [80 + (at % 40), Math.round(text.length / 4)];
  return JSON.stringify({
    ...{ id: `cmpl-${at}`, object: 'text_completion', created: 1_700_000_000 + at, model: 'm' },
    choices: [
      { index: 0, text, logprobs: null, finish_reason: 'stop', stop_reason: null, prompt_logprobs: null },
    ],
    usage: {
      ...{ prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
      prompt_tokens_details: null,
    },
  });
}
