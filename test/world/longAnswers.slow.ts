/** Many more long answers than `npm test` tries: `npm run test:slow`. */
process.env['ALL_CASES'] ??= '1';
await import('./longAnswers.test.js');
