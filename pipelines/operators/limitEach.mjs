// An operator of your own with a memory (docs/custom.md): keeps at most so many questions that begin with the
// same word. It is as it was when a run goes on.
//
//   operators: [./operators/limitEach.mjs]
//   steps:
//     - limitEach: { rowsMax: 500 }

/** @type {import('scalequest').OperatorDefinition} */
export default {
  name: 'limitEach',
  summary: 'Keeps at most so many questions that begin with the same word.',
  options: {
    type: 'object',
    properties: {
      rowsMax: {
        type: 'integer',
        minimum: 1,
        default: 100,
        description: 'Most questions of one first word.',
      },
    },
    additionalProperties: false,
  },
  example: { rowsMax: 500 },
  reads: { question: 'string' },
  drops: { enough: 'as many rows of its kind were kept before' },
  contract: { holdsAtMost: 'a number for each first word' },
  memory: {
    init: () => new Map(),
    // Nothing but this changes the memory: what is remembered is written with the run, and applied again when it goes on.
    apply: (counts, word) => counts.set(word, (counts.get(word) ?? 0) + 1),
  },

  // With a memory rows are decided in order, each at once.
  row({ question }, { options, memory, remember, drop }) {
    const [word] = question.trim().toLowerCase().split(/\s+/, 1);
    if ((memory.get(word) ?? 0) >= options.rowsMax) return drop('enough');
    remember(word);
  },
};
