import { z } from 'zod';
import { deriveSeed } from '../../../random.js';
import type { ReplyForm } from '../structured/replyForm.js';
import { compileSchemaCheck } from '../structured/schemaCheck.js';
import type { JsonSchema } from '../structured/schemaColumns.js';
import { textOf } from './pairVerdict.js';

const criterionFields = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-zA-Z0-9]*$/, 'expected letters and digits, starting with a small letter')
    .refine(
      (name) => !['reason', 'score', 'seq', 'seqIndex'].includes(name),
      'expected another name: this one has a meaning',
    )
    .describe('Names the column of its scores, and the reason for which rows are dropped.'),
  description: z.string().min(1).describe('What the judge is to look at, and what deserves which score.'),
  scale: z
    .tuple([z.int(), z.int()])
    .refine(([low, high]) => low < high, 'expected the lowest score first, and a higher one')
    .optional()
    .describe('The lowest and the highest score.'),
  grades: z
    .array(z.string().min(1))
    .min(2)
    .refine(areDifferent, 'expected each grade once')
    .optional()
    .describe(
      'In place of `scale`: named grades from the worst to the best. The score is the place of the grade, from 1.',
    ),
  min: z
    .union([z.number(), z.string()])
    .optional()
    .describe('Drop the row below this score or grade. It drops none if absent.'),
});

/** What a judge is asked to rate. */
export type Criterion = z.output<typeof criterionFields>;

const criterion = criterionFields.superRefine(checkScale);

/** The criteria of a judge; each has a scale, and its name once. */
export const criteriaOption = z
  .array(criterion)
  .min(1)
  .superRefine((criteria, context) => {
    const names = new Set<string>();
    for (const [at, { name }] of criteria.entries()) {
      const message = `a criterion before it is called ${name} too, or writes its column`;
      if (names.has(name)) context.addIssue({ code: 'custom', path: [at, 'name'], message });
      names.add(name).add(reasonColumn(name));
    }
  });

function checkScale({ scale, grades, min }: Criterion, context: z.RefinementCtx): void {
  const issue = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  if (scale && grades) return issue([], 'found both `scale` and `grades`, expected one of them');
  if (!scale && !grades) return issue([], 'found neither `scale` nor `grades`, expected one of them');
  if (min === undefined) return;
  if (typeof min === 'string' && gradeAt(grades ?? [], min) < 0)
    return issue(
      ['min'],
      grades ? `expected one of the grades: ${grades.join(', ')}` : 'expected a number of the scale',
    );
  const [low, high] = scaleOf({ scale, grades });
  if (typeof min === 'number' && (min < low || min > high))
    issue(['min'], `found ${min}, expected a score from ${low} to ${high}`);
}

function areDifferent(grades: readonly string[]): boolean {
  return new Set(grades.map((grade) => grade.trim().toLowerCase())).size === grades.length;
}

/** The lowest and the highest score. */
export function scaleOf({
  scale,
  grades = [],
}: Pick<Criterion, 'scale' | 'grades'>): readonly [number, number] {
  return scale ?? [1, grades.length];
}

/** The lowest score that passes; null where all do. */
export function minOf({ min, grades = [] }: Criterion): number | null {
  if (min === undefined) return null;
  return typeof min === 'number' ? min : gradeAt(grades, min) + 1;
}

/** The column with the reasons for the scores of a criterion. */
export function reasonColumn(name: string): string {
  return `${name}Reason`;
}

function gradeAt(grades: readonly string[], given: string): number {
  return grades.findIndex((grade) => grade.trim().toLowerCase() === given.trim().toLowerCase());
}

/** The criteria and the form of the reply, as a prompt has them. The reason comes first: a score that is written first is not reasoned. */
export function rubricText(criteria: readonly Criterion[]): string {
  const lines = criteria.map(
    (each, at) => `${at + 1}. ${each.name} (${scaleText(each)}): ${each.description}`,
  );
  const form = criteria.map(({ name, grades }) => {
    const score = grades ? '"<grade>"' : '<number>';
    return `  "${name}": { "reason": "<one or two sentences>", "score": ${score} }`;
  });
  return `Criteria:\n${lines.join('\n')}\n\nReply with one JSON object of this form, and nothing after it:\n{\n${form.join(',\n')}\n}`;
}

function scaleText({ scale, grades = [] }: Criterion): string {
  return scale
    ? `a whole number from ${scale[0]} to ${scale[1]}`
    : `one of ${grades.map((grade) => `"${grade}"`).join(', ')}`;
}

/**
 * Texts that are judged, each between marks with a number that none of them holds: no text can end itself early and go on as a part of
 * the prompt.
 */
export function markedTexts(texts: readonly (readonly [name: string, text: string])[]): string {
  const all = texts.map(([, text]) => text).join('\n');
  let number = 0;
  let mark: string;
  do mark = deriveSeed(0, all, 0, number++).toString(16).padStart(8, '0');
  while (all.includes(mark));
  return texts.map(([name, text]) => `<${name}-${mark}>\n${text}\n</${name}-${mark}>`).join('\n\n');
}

/** What a judge said of one criterion. */
export interface Score {
  score: number;
  /** Empty where none was given. */
  reason: string;
}

/** Scales of more values are bounds in the schema: not every server takes long lists, and not every one knows bounds. */
const LISTED_SCORES_MAX = 200;

/** The JSON Schema of a verdict: for each criterion a reason, and a score on its scale. */
export function rubricSchema(criteria: readonly Criterion[]): JsonSchema {
  const properties = Object.fromEntries(criteria.map((each) => [each.name, ratingSchema(each)]));
  return objectSchema(properties);
}

function ratingSchema(each: Criterion): JsonSchema {
  // The reason comes first, as in the form that the prompt shows.
  return objectSchema({ reason: { type: 'string' }, score: scoreSchema(each) });
}

function scoreSchema(each: Criterion): JsonSchema {
  if (each.grades) return { type: 'string', enum: each.grades };
  const [low, high] = scaleOf(each);
  if (high - low >= LISTED_SCORES_MAX) return { type: 'integer', minimum: low, maximum: high };
  return { type: 'integer', enum: Array.from({ length: high - low + 1 }, (_, at) => low + at) };
}

function objectSchema(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** The form of a verdict on a row: a score for each criterion, in their order. Verdicts in one reply that differ are none. */
export function rubricForm(criteria: readonly Criterion[]): ReplyForm<Score[]> {
  const schema = rubricSchema(criteria);
  const check = compileSchemaCheck(schema);
  return {
    schema,
    code: 'ROW_UNCLEAR',
    read(object) {
      const verdict = formed(unwrapped(object, criteria), criteria);
      // Replies quote much that is no verdict at all.
      if (Object.keys(verdict).length === 0) return { fault: NO_CRITERION };
      const fault = check(verdict);
      return fault === null ? { value: scoresOf(verdict, criteria) } : { fault };
    },
    agreement: (scores) => JSON.stringify(scores.map(({ score }) => score)),
  };
}

const NO_CRITERION = 'the object has none of the criteria';

type Ratings = Record<string, { reason: string; score: unknown }>;

/** A verdict that stands within another object, as `{"ratings": {…}}`. */
function unwrapped(object: Record<string, unknown>, criteria: readonly Criterion[]): Record<string, unknown> {
  const [name, ...more] = Object.keys(object);
  const inner = name !== undefined && more.length === 0 ? object[name] : undefined;
  return isObject(inner) && criteria.every((each) => each.name !== name) ? inner : object;
}

/** What models write that are held to no schema, in the form of the schema: scores alone, `"4/5"`, grades in capitals, more keys. */
function formed(object: Record<string, unknown>, criteria: readonly Criterion[]): Ratings {
  const given = criteria.filter(({ name }) => Object.hasOwn(object, name));
  return Object.fromEntries(
    given.map((each) => {
      const value = object[each.name];
      const { score = value, reason = '' } = isObject(value) ? value : {};
      return [each.name, { reason: textOf(reason), score: plainScore(score, each) }];
    }),
  );
}

function plainScore(score: unknown, { grades }: Criterion): unknown {
  if (!grades) return numberIn(score) ?? score;
  if (typeof score === 'string') return grades[gradeAt(grades, score)] ?? score;
  return typeof score === 'number' ? (grades[score - 1] ?? score) : score;
}

/** `4`, `"4"` and `"4/5"`; null for all else. */
function numberIn(score: unknown): number | null {
  if (typeof score === 'number') return score;
  const [, digits] =
    (typeof score === 'string' &&
      /^\s{0,9}(-?\d{1,9}(?:\.\d{1,9})?)\s{0,9}(?:\/\s{0,9}\d{1,9}\s{0,9})?$/.exec(score)) ||
    [];
  return digits === undefined ? null : Number(digits);
}

function scoresOf(verdict: Ratings, criteria: readonly Criterion[]): Score[] {
  return criteria.map(({ name, grades }) => {
    const { reason, score } = verdict[name]!;
    return { reason, score: grades ? grades.indexOf(score as string) + 1 : (score as number) };
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
