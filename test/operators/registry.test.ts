import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Observable, Subject, firstValueFrom, of } from 'rxjs';
import { z } from 'zod';
import { takeRows } from '../../src/arrow/take.js';
import type { Model } from '../../src/backends/model.js';
import { ERROR_CODES, RowError } from '../../src/errors.js';
import type { Batch } from '../../src/flow/batch.js';
import { PACKAGE_FOLDER } from '../../src/io/files/packageFiles.js';
import type { OperatorSpec } from '../../src/operators/lib/operator.js';
import { loadOperator } from '../../src/operators/registry.js';
import { OPERATORS } from '../helpers/operators.js';
import { MIXED_SCRIPT, OPERATOR_CASES, specOf } from '../helpers/operatorCases.js';
import {
  type Output,
  batchesOf,
  contextOf,
  lostTexts,
  outputOf,
  runOperator,
} from '../helpers/runs/runOperator.js';
import { type Script, scriptedModel } from '../helpers/scriptedModel.js';

/** What must hold of every operator, found by walking the registry: a new one is tested before it has tests. */

function models(script: Script = MIXED_SCRIPT): Model[] {
  return [scriptedModel(script, 'tiny'), scriptedModel(script, 'other')];
}

async function operatorOf(name: string, given: Model[] = models()) {
  const { operator } = await specOf(name);
  const { options, context } = OPERATOR_CASES[name]!;
  return operator(options, contextOf(given, context));
}

interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
}

/** Paths of options without a description. */
function undescribed(
  { properties = {}, items, additionalProperties: values }: JsonSchema,
  path: string,
): string[] {
  const own = Object.entries(properties).flatMap(([key, option]) => [
    ...(option.description ? [] : [`${path}.${key}`]),
    ...undescribed(option, `${path}.${key}`),
  ]);
  if (typeof values === 'object') own.push(...undescribed(values, `${path}.<name>`));
  return items ? [...own, ...undescribed(items, `${path}[]`)] : own;
}

function contentOf({ rows, lost, deltas }: Output) {
  return { rows, lost, deltas };
}

function asksModel(spec: OperatorSpec): boolean {
  return spec.models(spec.options.parse(OPERATOR_CASES[spec.name]!.options)).length > 0;
}

test('every operator has a case for the tests that walk the registry', () => {
  const missing = OPERATORS.filter(({ name }) => !(name in OPERATOR_CASES)).map(
    ({ name }) =>
      `add to test/helpers/operatorCases.ts: ${name}: { options: { … }, input: { columns, rows } }`,
  );
  assert.deepEqual(missing, []);
});

test('names are unique, and each is found by its name alone', async () => {
  assert.equal(new Set(OPERATORS.map(({ name }) => name)).size, OPERATORS.length);
  for (const spec of OPERATORS) assert.equal(await loadOperator(spec.name), spec);
  for (const name of ['Generate', 'registry', 'toString']) assert.equal(await loadOperator(name), undefined);
});

for (const spec of OPERATORS.filter(({ name }) => name in OPERATOR_CASES)) {
  const { name } = spec;

  test(`${name}: one name in four places: spec, file, function, test`, async () => {
    const module = (await import(`../../src/operators/${name}.js`)) as Record<string, unknown>;
    assert.equal(module[`${name}Spec`], spec);
    if (name !== 'custom') assert.equal(spec.operator, module[name]);
    assert.ok(existsSync(join(PACKAGE_FOLDER, 'test', 'operators', `${name}.test.ts`)));
  });

  test(`${name}: summary, contract, drops, columns and every option are described`, () => {
    assert.match(spec.summary, /^[A-Z].*\.$/);
    for (const key of ['emits', 'holdsAtMost', 'backpressures', 'completes', 'onError', 'onCancel'] as const)
      assert.ok(spec.contract[key].length > 3, key);
    for (const [reason, meaning] of Object.entries(spec.drops)) {
      assert.match(reason, /^[a-z][A-Za-z]+$/);
      assert.ok(meaning.length > 10, reason);
    }
    for (const column of spec.writes(spec.options.parse(OPERATOR_CASES[name]!.options)))
      assert.match(column.help, /^[A-Z].*\.$/, column.name);
    const json = z.toJSONSchema(spec.options, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    assert.deepEqual(undescribed(json, name), []);
  });

  test(`${name}: unknown options are refused`, () => {
    const wrong = { ...OPERATOR_CASES[name]!.options, temprature: 1 };
    assert.throws(() => spec.operator(wrong, contextOf(models())));
  });

  test(`${name}: chunk invariance: other batches, same rows and row events`, async () => {
    const { input } = OPERATOR_CASES[name]!;
    const whole = await runOperator(await operatorOf(name), input);
    for (const batchRows of [1, 2, 5]) {
      const cut = await runOperator(await operatorOf(name), input, batchRows);
      assert.deepEqual(contentOf(cut), contentOf(whole), `${batchRows} rows a batch`);
    }
  });

  test(`${name}: every row ends once, for a reason that is declared; batches keep their ranges`, async () => {
    const { input, options } = OPERATOR_CASES[name]!;
    const { drops: always, dropsBy, writes } = await specOf(name);
    const drops = { ...always, ...dropsBy?.(spec.options.parse(options)) };
    const { rows, lost, batches } = await runOperator(await operatorOf(name), input, 4);
    // Of the rows made of one, the first stands for it.
    const kept = rows.filter(({ seqIndex = 0 }) => seqIndex === 0);
    const ends = [...kept.map(({ seq }) => seq as number), ...lost.map(({ seq }) => seq)];
    assert.deepEqual(
      ends.sort((a, b) => a - b),
      input.rows.map((_, seq) => seq),
    );
    for (const { kind, reason } of lost)
      assert.ok(reason in (kind === 'dropped' ? drops : ERROR_CODES), reason);
    assert.deepEqual(
      batches.map(({ lo, hi }) => [lo, hi]),
      batchesOf(input, 4).map(({ lo, hi }) => [lo, hi]),
    );
    for (const column of writes(spec.options.parse(options))) assert.ok(column.name in rows[0]!, column.name);
    // The case shows something only if rows pass and rows are lost.
    assert.ok(rows.length > 0 && lost.length > 0);
  });

  test(`${name}: no batch and a batch without rows`, async () => {
    const none = await runOperator(await operatorOf(name), { ...OPERATOR_CASES[name]!.input, rows: [] });
    assert.deepEqual(none.batches, []);
    const [batch] = batchesOf(OPERATOR_CASES[name]!.input, 1);
    const empty: Batch = { ...batch!, rows: takeRows(batch!.rows, []) };
    const { batches, rows, lost } = await outputOf(of(empty).pipe(await operatorOf(name)));
    assert.deepEqual([batches.length, rows, lost], [1, [], []]);
  });

  test(`${name}: early unsubscribe stops the source`, async () => {
    let unsubscribed = 0;
    const batches = batchesOf(OPERATOR_CASES[name]!.input, 3);
    const source = new Observable<Batch>((subscriber) => {
      for (const batch of batches.slice(0, 2)) subscriber.next(batch);
      return () => (unsubscribed += 1);
    });
    const first = await firstValueFrom(source.pipe(await operatorOf(name)));
    assert.deepEqual([first.lo, first.hi, unsubscribed], [0, 3, 1]);
  });

  test(`${name}: an error from above goes on as it is`, async () => {
    const source = new Subject<Batch>();
    const ended = outputOf(source.pipe(await operatorOf(name)));
    source.error(new Error('the disk is gone'));
    await assert.rejects(ended, /the disk is gone/);
  });

  if (asksModel(spec)) {
    test(`${name}: an error that is not the row's ends the stream`, async () => {
      const fail = (): never => {
        throw new Error('the server is gone');
      };
      const operator = await operatorOf(name, models({ complete: fail, choose: fail, execute: fail }));
      await assert.rejects(runOperator(operator, OPERATOR_CASES[name]!.input, 4), /the server is gone/);
    });

    test(`${name}: a RowError rejects its row alone`, async () => {
      const { input } = OPERATOR_CASES[name]!;
      const asked = [scriptedModel(MIXED_SCRIPT, 'tiny'), scriptedModel(MIXED_SCRIPT, 'other')];
      const healthy = await runOperator(await operatorOf(name, asked), input, 4);
      const seqs = new Set(
        asked
          .flatMap((model) => [...model.completes, ...model.chooses, ...model.executes])
          .map(({ seq }) => seq),
      );
      const victim = healthy.rows.map(({ seq }) => seq as number).find((seq) => seqs.has(seq));
      const failOne =
        <Reply>(reply: ((request: any) => Reply) | undefined) =>
        (request: { seq: number }): Reply => {
          if (request.seq === victim) throw new RowError('ROW_TIMEOUT', 'no reply');
          return reply!(request);
        };
      const script = {
        complete: failOne(MIXED_SCRIPT.complete),
        choose: failOne(MIXED_SCRIPT.choose),
        execute: failOne(MIXED_SCRIPT.execute),
      };
      const output = await runOperator(await operatorOf(name, models(script)), input, 4);
      assert.deepEqual(
        output.rows,
        healthy.rows.filter(({ seq }) => seq !== victim),
      );
      assert.deepEqual(
        lostTexts(output).filter((text) => !lostTexts(healthy).includes(text)),
        [`${victim} rejected ROW_TIMEOUT`],
      );
    });
  }
}
