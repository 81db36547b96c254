// evolve, grounded, preferences and instructions on a real model, in the embedded engine: its replies are the same each time.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { countCodes, engine, runAsUser, userFolder } from './domains.mjs';

const linesOf = (folder, name) =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

it('evolve: other questions than those that went in, each with its two ways', async (t) => {
  const folder = await userFolder(t, 'evolve', 'questions.jsonl');
  const { kept, lost } = await runAsUser(t, {
    folder,
    file: 'evolve.yaml',
    env: { QUESTIONS: 'questions.jsonl' },
    sets: [
      engine('writer'),
      'steps.first.tokensMax=96',
      'steps.second.tokensMax=96',
      // As a judge the model tells only how sure it is.
      'steps.judgeSolvability.method=probability',
      'steps.judgeSolvability.yesMin=0.01',
      'steps.respond.tokensMax=160',
    ],
    killedAfter: 150,
  });
  t.diagnostic(JSON.stringify(countCodes(lost.rows)));
  assert.ok(kept.rows.length > 0);
  const before = new Set(linesOf(folder, 'questions.jsonl').map(({ question }) => question));
  const ways = [
    'add one more condition',
    'need one more step of reasoning',
    'take place in an unusual setting',
    'use less handy numbers',
  ];
  for (const { question, firstWay, secondWay, responses } of kept.rows) {
    assert.ok(question !== '' && !before.has(question), question);
    assert.ok(ways.includes(firstWay) && ways.includes(secondWay));
    assert.equal(responses.length, 1);
  }
});

it('grounded: every quote that is kept stands in its document', async (t) => {
  const folder = await userFolder(t, 'grounded', 'documents.jsonl');
  const { kept, lost } = await runAsUser(t, {
    folder,
    file: 'grounded.yaml',
    env: { DOCUMENTS: 'documents.jsonl' },
    sets: [
      ...['writer', 'judge'].map(engine),
      'steps.ask.tokensMax=64',
      // It never writes a mark of a quote. So answers without one pass here, and the judge has work.
      'steps.checkQuotes.quotesMin=0',
      'steps.answer.n=4',
      'steps.answer.tokensMax=128',
      'steps.judge.tokensMax=160',
      // What it grades is not what a judge of any use would say.
      'steps.judge.criteria=[{ name: grounded, description: Does the document say what the answer says?, scale: [1, 5], min: 1 }]',
    ],
    killedAfter: 150,
  });
  const codes = countCodes(lost.rows);
  t.diagnostic(JSON.stringify(codes));
  const documents = linesOf(folder, 'documents.jsonl').map(({ document }) => document);
  assert.ok(kept.rows.length > 0, 'the judge gives some of them a score');
  for (const { document, quotes, grounded } of kept.rows) {
    assert.ok(documents.includes(document));
    for (const quote of quotes)
      assert.ok(document.replace(/\s+/g, ' ').includes(quote.replace(/\s+/g, ' ')), quote);
    assert.ok(grounded >= 1 && grounded <= 5);
  }
});

it('preferences: of two answers one is chosen, in both orders, or the row is lost for a reason', async (t) => {
  const folder = await userFolder(t, 'preferences', 'questions.jsonl');
  const { kept, lost, report } = await runAsUser(t, {
    folder,
    file: 'preferences.yaml',
    env: { QUESTIONS: 'questions.jsonl' },
    sets: [
      ...['writerA', 'writerB', 'judge'].map(engine),
      'steps.askA.tokensMax=96',
      'steps.askB.tokensMax=96',
      'steps.judgePair.tokensMax=96',
      'steps.judge.tokensMax=96',
    ],
    killedAfter: 150,
  });
  t.diagnostic(JSON.stringify(countCodes(lost.rows)));
  const judged = report.funnel.find(({ step }) => step === 'judgePair');
  assert.ok(judged.rowsIn > 0, 'both answers of some questions came to an end');
  // Small judges choose by the order: such a pair is lost for it, and none is kept that both orders do not agree on.
  assert.equal(judged.rowsIn, judged.kept + lost.rows.filter(({ step }) => step === 'judgePair').length);
  for (const { chosen, rejected, chosenFrom } of kept.rows) {
    assert.notEqual(chosen, rejected);
    assert.ok(['answerA', 'answerB'].includes(chosenFrom));
  }
});

it('instructions: a model speaks for the user and for itself, in the template of its own file', async (t) => {
  const folder = await userFolder(t, 'instructions');
  const { kept, lost } = await runAsUser(t, {
    folder,
    file: 'instructions.yaml',
    env: {},
    sets: [
      engine('chat'),
      'limit=8',
      'target=',
      'source.windowRows=8',
      'source.batchRows=8',
      ...['generate', 'followUp'].map((step) => `steps.${step}.tokensMax=64`),
      ...['answer', 'answerAgain'].map((step) => `steps.${step}.tokensMax=128`),
    ],
    killedAfter: 200,
  });
  t.diagnostic(JSON.stringify(countCodes(lost.rows)));
  assert.ok(kept.rows.length > 0);
  for (const { messages, question, secondQuestion } of kept.rows) {
    assert.deepEqual(
      messages.map(({ role }) => role),
      ['user', 'assistant', 'user', 'assistant'],
    );
    assert.equal(messages[0].content, question);
    assert.equal(messages[2].content, secondQuestion);
  }
});
