// A model server for the test of the terminal: it loads for a while, writes wide characters into its log, and answers at its own pace.
import { createServer } from 'node:http';

const LOAD_MS = 3000;
const [port, slowMs] = process.argv.slice(2).map(Number);

console.log('モデルを読み込んでいます 👨‍👩‍👧 e\u0301\u0301 \u001b[31m███ 100%'.repeat(3));
let asked = 0;
setTimeout(() => {
  createServer((request, response) => {
    request.resume().on('end', () => {
      const choices = [{ index: 0, text: 'The answer is \\boxed{4}.', finish_reason: 'stop' }];
      const usage = { prompt_tokens: 10, completion_tokens: 5 };
      const body = JSON.stringify(request.method === 'GET' ? { data: [] } : { choices, usage });
      // Of each batch one row is slow: the others must show before it.
      const waitMs = request.method === 'GET' ? 0 : asked++ % 32 === 0 ? slowMs : 300;
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(body);
      }, waitMs);
    });
  }).listen(port, '127.0.0.1');
}, LOAD_MS);
