/** Damaged files of 1 MB, where `npm test` tries 5 kB: `npm run test:slow`. */
process.env['SCALEQUEST_CHARS'] ??= `${2 ** 20}`;
process.env['SCALEQUEST_RUNS'] ??= '25';
await import('./mutated.test.js');
