// Writes what eld knows of languages as src/language/languageTable.ts reads it. Its modules are read by their paths, for the package
// exports none of them.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ELD = dirname(dirname(fileURLToPath(import.meta.resolve('eld/extrasmall'))));
/** The scores of its table are less by this. */
const SCORE_BASE = 53;

async function eldTable() {
  const load = (name) => import(pathToFileURL(join(ELD, name)).href);
  const [{ ngramsData }, { dictionary }, { separators }, { avgScore }] = await Promise.all(
    ['ngrams/extrasmall.js', 'dictionary.js', 'regexPatterns.js', 'avgScore.js'].map(load),
  );
  const languages = Object.values(ngramsData.languages);
  const entries = Object.entries(ngramsData.ngrams);
  const scores = entries.map(([, known]) => Object.entries(known));
  return {
    languages,
    averages: languages.map((language) => avgScore[language]),
    separators: separators.source,
    signs: dictionary.map(codeOf),
    ngrams: entries.map(([ngram]) => [...ngram].reduce((number, sign) => number * 256 + codeOf(sign), 0)),
    counts: scores.map((known) => known.length),
    scores: scores.flat().map(([language, score]) => 512 * Number(language) + SCORE_BASE + score),
  };
}

/** A sign of Latin-1. */
function codeOf(sign) {
  const code = sign.charCodeAt(0);
  if (sign.length !== 1 || code > 255) throw new Error(`eld has the sign ${sign}, expected one of Latin-1`);
  return code;
}

/** A module, of which JSON is the most: to parse it takes a tenth of what the same as an object of JavaScript would. */
export async function writeLanguageTable(file) {
  writeFileSync(
    file,
    `export const languageTable = JSON.parse(${JSON.stringify(JSON.stringify(await eldTable()))});\n`,
  );
}
