/** Many more changed texts than `npm test` tries: `npm run test:slow`. */
process.env['MUTATED_RUNS'] ??= '10000';
await import('./mutatedTexts.test.js');
