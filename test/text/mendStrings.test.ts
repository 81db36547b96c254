import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mendStrings } from '../../src/text/mendStrings.js';

const R = String.raw;

/** What a model writes between the quotes → the text that it meant. */
const CASES: [written: string, meant: string][] = [
  // Escaped rightly: as JSON says.
  [R`\\alpha + \\beta`, R`\alpha + \beta`],
  [R`\\frac{1}{2}\nnu = 3`, '\\frac{1}{2}\nnu = 3'],
  [R`a \\\\ b \\times c`, R`a \\ b \times c`],
  [R`print(\"a\\n\")`, R`print("a\n")`],
  // Not escaped: each backslash stands for itself.
  [R`\alpha + \beta`, R`\alpha + \beta`],
  [R`\(x\) and \[y\] and \{z\}`, R`\(x\) and \[y\] and \{z\}`],
  [R`\sqrt{2} \nabla \theta \rho \frac12 \nu`, R`\sqrt{2} \nabla \theta \rho \frac12 \nu`],
  [R`\begin{pmatrix} a \\ b \end{pmatrix} \sin x`, R`\begin{pmatrix} a \\ b \end{pmatrix} \sin x`],
  [R`\\alpha and \sqrt{2}`, R`\alpha and \sqrt{2}`],
  [R`\sqrt{2}\nNext line`, '\\sqrt{2}\nNext line'],
  [R`\underline{a} \upsilon caf\u00e9`, '\\underline{a} \\upsilon café'],
  // Valid JSON that means something else: commands of LaTeX whose first letter is an escape.
  [R`\frac{1}{2}`, R`\frac{1}{2}`],
  [R`\beta \boxed{7} \bar x`, R`\beta \boxed{7} \bar x`],
  [R`2 \times 3 \neq 5 \text{ m}`, R`2 \times 3 \neq 5 \text{ m}`],
  [R`\rho \rightarrow \theta \tan x \to \nabla f`, R`\rho \rightarrow \theta \tan x \to \nabla f`],
  [R`$\nu = 3$`, R`$\nu = 3$`],
  // Line ends and tabs that are meant.
  [R`First\nNext\n\tSELECT 1\r\nthe end`, 'First\nNext\n\tSELECT 1\r\nthe end'],
  [R`x = 1\nu = 3\ni = 0`, 'x = 1\nu = 3\ni = 0'],
  [R`SELECT *\nFROM t\nWHERE a = 1`, 'SELECT *\nFROM t\nWHERE a = 1'],
  [R`it\'s`, "it's"],
  [R`a\/b \"c\"`, 'a/b "c"'],
  // Line ends as they are, which JSON refuses.
  ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
];

for (const [written, meant] of CASES) {
  test(`a string of a reply: ${JSON.stringify(written)}`, () => {
    const json = mendStrings(`{"a": "${written}", "b": "x"}`);
    assert.deepEqual(JSON.parse(json), { a: meant, b: 'x' });
  });
}

test('what has no backslash and no line end stays the same text', () => {
  const json = '{"a": "b", "c": [1, 2]}';
  assert.equal(mendStrings(json), json);
});

test('linear in the text', () => {
  const long = `{"a": "${R`\alpha \nu `.repeat(100_000)}"}`;
  const started = process.cpuUsage();
  assert.equal((JSON.parse(mendStrings(long)) as { a: string }).a, R`\alpha \nu `.repeat(100_000));
  assert.ok(process.cpuUsage(started).user < 5_000_000);
});
