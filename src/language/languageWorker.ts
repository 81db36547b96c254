import { parentPort } from 'node:worker_threads';
import { loadLanguageDetector } from './detectOther.js';
import type { LanguageAnswer, LanguageTask } from './languageThread.js';

/** The thread behind `createLanguageThread`. */
const port = parentPort;
if (port) {
  const detectOther = await loadLanguageDetector();
  port.on('message', ({ texts, wanted }: LanguageTask) => {
    const answer: LanguageAnswer = texts.map((text) => detectOther(text, wanted));
    port.postMessage(answer);
  });
}
