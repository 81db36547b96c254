// An operator of your own with a memory (docs/custom.md): keeps at most so many questions that begin with the
// same word. It is as it was when a run goes on.
//   - custom: { path: operators/limitEach.mjs, options: { rowsMax: 500 }, reads: { question: string }, writes: {} }

/** @type {import('scalequest').OperatorDefinition} */
export default {
  summary: 'Keeps at most so many questions that begin with the same word.',
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
    const { rowsMax = 100 } = options;
    if ((memory.get(word) ?? 0) >= rowsMax) return drop('enough');
    remember(word);
  },
};
