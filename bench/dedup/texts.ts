import { deriveUniform } from '../../src/random.js';

/**
 * Made word problems of about 47 words. A quarter of them are earlier ones with words swapped, names or numbers changed, sentences
 * taken out, put in or in another order, so that their similarity lies anywhere between 0.2 and 1. The rest are new, of the same
 * frames and words, so that any two of them have 3-grams in common, as questions of one generator do.
 */

const NAMES = (
  'Mara Tom Ines Omar Yuki Lena Raj Nora Paul Aisha Hugo Mina Karl Zoe Ivan Rosa Ben Tara Luis Emma ' +
  'Amir Clara Noah Sana Felix Greta Jonas Leila'
).split(' ');
const THINGS = (
  'apples marbles rolls tickets books stamps coins bottles chairs lamps pencils cards boxes shirts ' +
  'flowers eggs tiles bricks ropes candles baskets kites maps stones keys plates cups ribbons ' +
  'notebooks scarves drums melons'
).split(' ');
const PLACES = (
  'market school harbour bakery library farm station museum garden factory bridge bakery office ' +
  'theatre stadium village workshop castle hotel valley'
).split(' ');
const VERBS = (
  'buys sells makes finds packs paints carries counts borrows returns loses wins orders repairs ' +
  'sorts stores washes trades'
).split(' ');
const KINDS = (
  'red small heavy old new round cheap wooden broken bright empty striped large clean soft rare ' +
  'plain fresh short thick'
).split(' ');
const TIMES = (
  'every morning|on Monday|each week|in the first hour|after lunch|before noon|during the holidays|' +
  'at the end of the month|twice a day|on the second day|in spring|within three days'
).split('|');

/** What may stand for each word of a frame. */
const SLOTS: Readonly<Record<string, readonly string[]>> = {
  NAME: NAMES,
  OTHER: NAMES,
  THING: THINGS,
  GOODS: THINGS,
  PLACE: PLACES,
  VERB: VERBS,
  KIND: KINDS,
  TIME: TIMES,
};

const SENTENCES = [
  'NAME VERB # KIND THING at the PLACE TIME .',
  'TIME , NAME VERB # THING and # GOODS near the KIND PLACE .',
  'There are # KIND THING in the PLACE , and # of them are GOODS .',
  'Each of the THING costs # dollars , but the KIND ones cost # dollars more .',
  'OTHER VERB # times as many GOODS as NAME did TIME .',
  'The PLACE gives # percent of its KIND GOODS to OTHER , who VERB them TIME .',
  'If OTHER had # more THING , the PLACE would have # GOODS left .',
  'A KIND box holds # THING , and OTHER VERB # boxes TIME .',
  'NAME walks # kilometres to the PLACE and VERB # GOODS on the way .',
  'For every # THING that NAME VERB , OTHER VERB # KIND GOODS .',
  'It takes NAME # minutes to bring the THING from the PLACE to OTHER .',
  'TIME the price of KIND THING rises by # percent at the PLACE .',
];
const ASKS = [
  'How many THING does NAME have in total ?',
  'How many KIND GOODS are left at the PLACE TIME ?',
  'How much money does OTHER earn from the THING TIME ?',
  'What is the smallest number of GOODS that NAME needs ?',
  'What percent of the THING are KIND ?',
  'How long does it take until OTHER has # THING ?',
  'What is the ratio of THING to GOODS at the PLACE ?',
  'How many more THING than GOODS does OTHER have ?',
];

type Draw = (count: number) => number;

/** Draws of one row, one after the other. */
function drawsOf(seed: number, row: number): Draw {
  let sample = 0;
  return (count) => Math.floor(deriveUniform(seed, 'texts', row, sample++) * count);
}

type Sentences = string[][];

function newSentence(frames: readonly string[], draw: Draw): string[] {
  return frames[draw(frames.length)]!.split(' ').map((word) => {
    if (word === '#') return String(1 + draw(draw(2) === 0 ? 20 : 500));
    const words = SLOTS[word];
    return words ? words[draw(words.length)]! : word;
  });
}

function newQuestion(draw: Draw, sentences: number): Sentences {
  const told = Array.from({ length: sentences }, () => newSentence(SENTENCES, draw));
  return [...told, newSentence(ASKS, draw)];
}

const EDITS: readonly ((sentences: Sentences, draw: Draw) => Sentences)[] = [
  function swapWord(sentences, draw) {
    const changed = draw(sentences.length);
    const at = draw(sentences[changed]!.length);
    return sentences.map((words, each) =>
      each === changed ? words.with(at, KINDS[draw(KINDS.length)]!) : words,
    );
  },
  function changeName(sentences, draw) {
    const found = sentences.flat().filter((word) => NAMES.includes(word));
    if (found.length === 0) return sentences;
    const [from, to] = [found[draw(found.length)]!, NAMES[draw(NAMES.length)]!];
    return sentences.map((words) => words.map((word) => (word === from ? to : word)));
  },
  function changeNumber(sentences, draw) {
    const numbers = sentences.flat().filter((word) => /^\d+$/.test(word));
    if (numbers.length === 0) return sentences;
    const [from, to] = [numbers[draw(numbers.length)]!, String(1 + draw(500))];
    return sentences.map((words) => words.map((word) => (word === from ? to : word)));
  },
  function dropClause(sentences, draw) {
    if (sentences.length < 3) return sentences;
    const dropped = draw(sentences.length - 1);
    return sentences.filter((_, each) => each !== dropped);
  },
  function addClause(sentences, draw) {
    return [newSentence(SENTENCES, draw), ...sentences];
  },
  function moveClause(sentences) {
    return [...sentences.slice(1, -1), sentences[0]!, ...sentences.slice(-1)];
  },
];
/** Most near copies differ in words, names and numbers. */
const EDIT_OF_DRAW = [0, 0, 0, 1, 1, 2, 2, 2, 3, 4, 5];

function edited(question: Sentences, draw: Draw): Sentences {
  let changed = question;
  for (let edits = 1 + draw(5); edits > 0; edits--) {
    changed = EDITS[EDIT_OF_DRAW[draw(EDIT_OF_DRAW.length)]!]!(changed, draw);
  }
  return changed;
}

function textOf(sentences: Sentences): string {
  return sentences.map((words) => words.join(' ').replaceAll(/ ([.,?])/g, '$1')).join(' ');
}

/** The same for the same seed. */
export function madeQuestions(rows: number, seed = 1): string[] {
  const questions: Sentences[] = [];
  for (let row = 0; row < rows; row++) {
    const draw = drawsOf(seed, row);
    const isPlanted = row > 0 && draw(4) === 0;
    questions.push(isPlanted ? edited(questions[draw(row)]!, draw) : newQuestion(draw, 2 + draw(3)));
  }
  return questions.map(textOf);
}

/** Questions of about 24 words, each of which passes: for runs that are to grow. */
export function shortQuestions(lo: number, hi: number, seed = 1): string[] {
  return Array.from({ length: hi - lo }, (_, at) => {
    const question = newQuestion(drawsOf(seed, lo + at), 1);
    return `${textOf(question)} Case ${lo + at} of ${(lo + at) * 7}`;
  });
}
