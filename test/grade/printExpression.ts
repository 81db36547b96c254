import type { Expression } from '../../src/grade/parse/expression.js';
import { partsOf } from '../../src/grade/parse/expression.js';

/** An expression as one line: kind and leaves in front, parts in brackets. `1+x` is `(sum 1 x)`. */
export function printExpression(expression: Expression): string {
  const head = headOf(expression);
  const parts = partsOf(expression).map(printExpression);
  return parts.length === 0 ? head : `(${[head, ...parts].join(' ')})`;
}

function headOf(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return expression.value.toFraction();
    case 'symbol':
      return expression.name;
    case 'constant':
      return `<${expression.name}>`;
    case 'call':
      return expression.name;
    case 'quantity':
      return `in ${expression.unit}`;
    case 'bracket':
      return `bracket${expression.open}${expression.close}`;
    case 'list':
      return ['list', ...(expression.joins ?? [])].join('');
    case 'relation':
      return `${expression.bound ? 'bound ' : ''}${expression.signs.join('')}`;
    case 'plusMinus':
      return expression.flipped ? '∓' : '±';
    case 'setOperation':
      return expression.name;
    case 'based':
      return `${expression.digits} base ${expression.base}`;
    case 'choice':
      return `choice ${expression.letter}`;
    case 'text':
      return JSON.stringify(expression.text);
    case 'matrix':
      return `matrix${expression.rows.length}×${expression.rows[0]!.length}`;
    default:
      return expression.kind;
  }
}
