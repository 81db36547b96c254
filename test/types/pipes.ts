import type { Observable } from 'rxjs';
import {
  type Batch,
  type BatchOperator,
  type RunContext,
  calibrateDifficulty,
  collectRows,
  deduplicate,
  drop,
  filterReference,
  fromRows,
  generate,
  gradeAnswer,
  keep,
  keepBest,
  mapRows,
  measureAccuracy,
  rateFailures,
  respond,
  rewrite,
  sampleDifficulty,
  scanRows,
  scoreDifficulty,
  scoreReward,
  unnest,
  wrapQuestion,
  writeShards,
} from '../../src/index.js';

/**
 * What the compiler must accept and refuse in a pipe. The build is the test: a line under `@ts-expect-error` that compiles is an
 * error, and so is any other line that does not. Nothing here runs.
 */

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_Condition extends true>(): void {}

declare const context: RunContext;
declare const source: Observable<Batch<{ seq: number }>>;
declare const answers: Observable<Batch<{ question: string | null; answer: string | null }>>;
declare function columnsOf<Columns>(stream: Observable<Batch<Columns>>): Columns;

const NAMES = { generators: [{ model: 'tiny' }] };

export function goodPipes(): void {
  const best = columnsOf(
    source.pipe(
      generate(NAMES, context),
      deduplicate({}, context),
      respond({ model: 'tiny' }, context),
      scoreReward({ model: 'tiny' }, context),
      keepBest({ rewardMin: 0.5 }, context),
    ),
  );
  holds<
    Equal<
      typeof best,
      {
        readonly seq: number;
        readonly question: string;
        readonly generator: string;
        readonly responses: readonly string[];
        readonly rewards: readonly (number | null)[];
        readonly response: string;
        readonly reward: number | null;
      }
    >
  >();
  // Rewards are optional without a threshold; so is the generator's name where the template is given.
  source.pipe(generate(NAMES, context), respond({ model: 'tiny' }, context), keepBest({}, context));
  answers.pipe(rewrite({ model: 'tiny', template: 'qwen2-math' }, context));
  answers.pipe(
    filterReference({}, context),
    respond({ model: 'tiny' }, context),
    gradeAnswer({}, context),
    measureAccuracy({ by: 'question' }, context),
    rateFailures({}, context),
    scoreDifficulty({ model: 'tiny' }, context),
    calibrateDifficulty({}, context),
    sampleDifficulty({ min: 0.1 }, context),
  );
}

export function columnsFromOptions(): void {
  const responded = answers.pipe(respond({ model: 'tiny' }, context));
  const graded = columnsOf(responded.pipe(keepBest({}, context), gradeAnswer({ of: 'response' }, context)));
  holds<Equal<(typeof graded)['correct'], boolean | null>>();
  const items = columnsOf(responded.pipe(unnest({ texts: { responses: 'text' } }, context)));
  holds<Equal<(typeof items)['text'], string>>();
  holds<Equal<(typeof items)['seqIndex'], number>>();
  const some = columnsOf(
    source.pipe(generate(NAMES, context), scoreDifficulty({ model: 'tiny', generators: ['tiny'] }, context)),
  );
  holds<Equal<(typeof some)['difficulty'], number | null>>();
}

export function missingColumns(): void {
  // @ts-expect-error no step writes `question`
  source.pipe(respond({ model: 'tiny' }, context));
  // @ts-expect-error no step writes `responses`
  source.pipe(generate(NAMES, context), keepBest({}, context));
  source.pipe(
    generate(NAMES, context),
    respond({ model: 'tiny' }, context),
    // @ts-expect-error a threshold needs `rewards`
    keepBest({ rewardMin: 1 }, context),
  );
  // @ts-expect-error the column is called `answer`
  answers.pipe(filterReference({ answerColumn: 'anwser' }, context));
  // @ts-expect-error there is no reference answer
  source.pipe(generate(NAMES, context), respond({ model: 'tiny' }, context), gradeAnswer({}, context));
  // @ts-expect-error no step writes `generator`
  answers.pipe(rewrite({ model: 'tiny' }, context));
  // @ts-expect-error no step writes `generator`
  answers.pipe(scoreDifficulty({ model: 'tiny', generators: ['tiny'] }, context));
  answers.pipe(
    respond({ model: 'tiny' }, context),
    gradeAnswer({}, context),
    // @ts-expect-error there is no column `topic`
    measureAccuracy({ by: 'topic' }, context),
  );
  answers.pipe(
    respond({ model: 'tiny' }, context),
    // @ts-expect-error rewards are numbers
    unnest({ numbers: { responses: 'reward' }, texts: {} }, context),
  );
}

export function wrongOptions(): void {
  // @ts-expect-error misspelt
  respond({ model: 'tiny', temprature: 1 }, context);
  // @ts-expect-error a number
  respond({ model: 'tiny', n: 'five' }, context);
  // @ts-expect-error no such method
  scoreReward({ model: 'tiny', method: 'yes' }, context);
  // @ts-expect-error the model is missing
  respond({}, context);
  // @ts-expect-error misspelt, beside an option that names a column
  filterReference({ answerColumn: 'answer', anserColumn: 'answer' }, context);
  // @ts-expect-error misspelt, in a nested object
  generate({ generators: [{ model: 'tiny', wieght: 2 }] }, context);
  // @ts-expect-error no template
  wrapQuestion({ template: 3 }, context);
}

const WORDS = { name: 'words', type: 'int32', help: 'Words of the question.' } as const;
const HINT = { name: 'hint', type: 'string', help: 'A hint.', nullable: true } as const;
const SHAPE = { step: 'own', reads: { question: 'string' }, writes: [WORDS, HINT] } as const;

export function ownSteps(): void {
  const own = mapRows(SHAPE, ({ question }) =>
    question === '' ? drop('empty') : keep({ words: question.split(' ').length }),
  );
  const columns = columnsOf(answers.pipe(own));
  holds<Equal<(typeof columns)['words'], number>>();
  holds<Equal<(typeof columns)['hint'], string | null>>();
  // @ts-expect-error no step writes `question`
  source.pipe(own);
  // @ts-expect-error it is `question`
  mapRows(SHAPE, ({ qestion }) => keep({ words: qestion }));
  // @ts-expect-error words are a number
  mapRows(SHAPE, ({ question }) => keep({ words: question }));
  // @ts-expect-error misspelt
  mapRows(SHAPE, ({ question }) => keep({ wrods: question.length }));
  // @ts-expect-error one column too many
  mapRows(SHAPE, async ({ question }) => keep({ words: 1, chars: question.length }));
  // @ts-expect-error there is no such type
  mapRows({ ...SHAPE, reads: { question: 'text' } }, () => drop('none'));
  // @ts-expect-error it writes words
  const wrong: BatchOperator<{ question: string }, { words: string }> = own;
  void wrong;
  const counted = scanRows(SHAPE, {
    init: () => ({ rows: 0 }),
    decide: ({ rows }, { question }) => ({ outcome: keep({ words: rows }), delta: question.length }),
    apply: (state, chars: number) => void (state.rows += chars),
  });
  holds<Equal<typeof counted, typeof own>>();
  scanRows(SHAPE, {
    init: () => 0,
    // @ts-expect-error words are a number
    decide: (_state, { question }) => ({ outcome: keep({ words: question }) }),
    apply: () => {},
  });
}

export async function ends(): Promise<void> {
  const read = fromRows({ text: 'string' }, [{ text: 'One.' }]);
  const { rows } = await collectRows({ read }, (texts) => texts);
  holds<Equal<(typeof rows)[number]['text'], string | null>>();
  // @ts-expect-error there is no such column
  void rows[0]!.txet;
  // @ts-expect-error a text
  fromRows({ text: 'string' }, [{ text: 1 }]);
  // @ts-expect-error the source has no `question`
  await collectRows({ read }, (texts) => texts.pipe(respond({ model: 'tiny' }, context)));
  const shards = { folder: 'set', identity: 'one', name: 'set', seed: 1, limit: 1 };
  await writeShards({ ...shards, columns: [WORDS] }, (given) =>
    given.pipe(
      generate(NAMES, context),
      mapRows(SHAPE, () => keep({ words: 1 })),
    ),
  );
  // @ts-expect-error no step writes `words`
  await writeShards({ ...shards, columns: [WORDS] }, (given) => given.pipe(generate(NAMES, context)));
}

/** A pipe whose steps were chosen at run time: its columns are unknown, and checked when batches come. */
export async function untyped(step: BatchOperator): Promise<void> {
  const { rows } = await collectRows({ limit: 1 }, (given) =>
    given.pipe(step, respond({ model: 'tiny' }, context)),
  );
  holds<Equal<(typeof rows)[number]['any'], import('../../src/index.js').ColumnValue>>();
}
