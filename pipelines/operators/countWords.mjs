// An operator of your own, for the step `custom` (docs/steps.md): copy this file and change `row`.
//
//   - custom: { path: operators/countWords.mjs, options: { wordsMin: 8 } }

/** @type {import('scalequest').OperatorDefinition} */
export default {
  summary: 'Counts the words of each question and drops the short ones.',
  // Checked before the run: an earlier step must write what is read here.
  reads: { question: 'string' },
  writes: [{ name: 'words', type: 'int32', help: 'Words in the question.' }],
  // Each reason that `tools.drop` may give, and what it means.
  drops: { tooShort: 'the question has fewer words than `options.wordsMin`' },

  // Decides one row, from its arguments alone; may be async. What it throws rejects this row and no other.
  row({ question }, tools) {
    const words = question.split(/\s+/).filter(Boolean).length;
    const { wordsMin = 1 } = tools.options;
    return words < wordsMin ? tools.drop('tooShort') : { words };
  },
};
