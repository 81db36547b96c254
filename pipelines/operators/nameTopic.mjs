// An operator of your own that asks a model (docs/custom.md): the topic of each question, as a column that later steps can use.
//
//   operators: [./operators/nameTopic.mjs]
//   steps:
//     - nameTopic: { models: { namer: tiny } }

/** @type {import('scalequest').OperatorDefinition} */
export default {
  name: 'nameTopic',
  summary: 'Asks a model for the topic of each question.',
  reads: { question: 'string' },
  writes: [
    { name: 'topic', type: 'struct<name: string, words: int32>', help: 'The topic, as the model named it.' },
    { name: 'dialogue', type: 'messages', help: 'What the model was asked, and what it said.' },
  ],
  drops: { unnamed: 'the model named no topic in five words or fewer' },
  // What it asks of which model. A step says which model of the file has the role.
  models: { namer: 'complete' },

  async row({ question }, { ask, drop }) {
    const content = `${question}\n\nName the topic of this question in at most five words.`;
    // Usable replies, at least one: an empty or cut one rejects the row with its code, as in every step.
    const [reply] = await ask('namer', content, { temperature: 0, tokensMax: 96 });
    const name = reply.split('\n', 1)[0].trim();
    const words = name.split(/\s+/).length;
    if (words > 5) return drop('unnamed');
    const dialogue = [
      { role: 'user', content },
      { role: 'assistant', content: reply },
    ];
    return { topic: { name, words }, dialogue };
  },
};
