import fc from 'fast-check';

/** Of any plane. fast-check's own unit `binary` fills a map of all of them first, which takes a second of CPU in each process. */
export const anyCodePoint = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));
