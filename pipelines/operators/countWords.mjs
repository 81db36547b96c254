// An operator of your own (docs/custom.md): copy this file, change `row`, and write its manifest by `npx scalequest describe countWords.mjs`.
//
//   operators: [./operators/countWords.mjs]
//   steps:
//     - countWords: { wordsMin: 8 }
//
// Without a manifest it is a `custom` step:
//
//     - custom: { path: operators/countWords.mjs, options: { wordsMin: 8 } }

/** @type {import('scalequest').OperatorDefinition} */
export default {
  name: 'countWords',
  summary: 'Counts the words of each question and drops the short ones.',
  // A JSON Schema, or a schema of zod. What it does not name is a mistake.
  options: {
    type: 'object',
    properties: {
      wordsMin: {
        type: 'integer',
        minimum: 0,
        default: 1,
        description: 'Fewest words of a question that is kept.',
      },
    },
    additionalProperties: false,
  },
  example: { wordsMin: 8 },
  // Checked before the run: an earlier step must write what is read here.
  reads: { question: 'string' },
  writes: [{ name: 'words', type: 'int32', help: 'Words in the question.' }],
  // Each reason that `tools.drop` may give, and what it means.
  drops: { tooShort: 'the question has fewer words than `wordsMin`' },

  // Decides one row, from its arguments alone; may be async. What it throws rejects this row and no other.
  row({ question }, tools) {
    const words = question.split(/\s+/).filter(Boolean).length;
    const { wordsMin } = tools.options;
    return words < wordsMin ? tools.drop('tooShort') : { words };
  },
};
