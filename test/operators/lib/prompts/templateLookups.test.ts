import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Template } from '@huggingface/jinja';
import { templateLookups } from '../../../../src/operators/lib/prompts/templateLookups.js';

/** Template → names that it looks up, and those of them that it tests. */
const CASES: [text: string, used: string, tested?: string][] = [
  ['{{ a }} {{ b.c }} {{ d["e"] }} {{ f[g] }}', 'a b d f g'],
  ['{% for x in xs %}{{ x }} {{ loop.index }} {{ y }}{% endfor %}{{ x }}', 'xs y x'],
  ['{% for x in xs if x.ok and flag %}{{ x }}{% else %}{{ none }}{{ b }}{% endfor %}', 'xs flag b', 'flag'],
  ['{% for key, value in map | items %}{{ key }}: {{ value }}{% endfor %}', 'map'],
  ['{% set a = b %}{{ a }}', 'b'],
  ['{{ a }}{% set a = 1 %}', 'a'],
  ['{% set ns = namespace(n=0) %}{% for x in xs %}{% set ns.n = ns.n + x %}{% endfor %}{{ ns.n }}', 'xs'],
  ['{% set a %}{{ b }}{% endset %}{{ a }}', 'b'],
  ['{% if a %}{{ a }}{% elif b > 1 %}{% else %}{{ c }}{% endif %}', 'a b c', 'a b'],
  ['{{ a if b else c }}', 'b a c', 'b'],
  ['{{ a is none }} {{ b is defined and c is not defined }}', 'a b c', 'a b c'],
  ['{{ a | default(b) }} {{ c | d("x") | upper }} {{ e | join(sep) }}', 'a b c e sep', 'a c'],
  ['{{ a | tojson(indent=width) }}', 'a width'],
  ['{{ [a, {"k": b, c: 1}, (d, e)] }}', 'a b c d e'],
  ['{{ a[b:c:d] }} {{ -e }} {{ not f }}', 'a b c d e f'],
  ['{{ a ~ b }} {{ c in d }} {{ e and g or h }}', 'a b c d e g h'],
  ['{% macro show(x, y=z) %}{{ x }}{{ y }}{{ w }}{% endmacro %}{{ show(a, y=b) }}', 'z w a b'],
  ['{% filter upper %}{{ a }}{% endfilter %}', 'a'],
  ['{# {{ a }} #}{{ range(n) }} {{ true }} {{ None }}', 'n'],
  ['no name at all', ''],
];

for (const [text, used, tested = ''] of CASES) {
  test(`names of ${text}`, () => {
    const found = templateLookups(new Template(text).parsed);
    assert.deepEqual([found.used.join(' '), [...found.tested].join(' ')], [used, tested]);
  });
}
