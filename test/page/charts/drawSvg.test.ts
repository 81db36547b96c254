import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { densityOption } from '../../../src/page/charts/density.js';
import { drawSvg } from '../../../src/page/charts/drawSvg.js';
import { funnelOption } from '../../../src/page/charts/funnel.js';
import { linesOption } from '../../../src/page/charts/lines.js';
import { THEMES } from '../../../src/page/theme.js';

const SHAPE = { widthPx: 640, heightPx: 300, title: 'rows <"&> of a step' };
const EVIL = `"><script>alert(1)</script><img src=x onerror="alert('&')">`;

function draw(): string[] {
  const series = [
    {
      name: EVIL,
      points: [
        [0, 1],
        [60, 2],
      ] as const,
    },
    { name: 'b', points: [] },
  ];
  return [
    drawSvg(
      funnelOption({ steps: [{ step: EVIL, kept: 3, dropped: 2, rejected: 1 }] }, THEMES.light),
      THEMES.light,
      SHAPE,
    ),
    drawSvg(linesOption({ label: EVIL, series }, THEMES.dark), THEMES.dark, SHAPE),
    drawSvg(
      densityOption({ x: EVIL, y: 'y', xEdges: [0, 1, 2], yEdges: [0, 1], counts: [4, 1] }, THEMES.light),
      THEMES.light,
      SHAPE,
    ),
  ];
}

test('the same numbers are the same bytes, drawn again in a process', () => {
  assert.deepEqual(draw(), draw());
});

test('the time zone changes no byte', () => {
  const program = `import { drawSvg } from '${new URL('../../../src/page/charts/drawSvg.js', import.meta.url)}';
    import { linesOption } from '${new URL('../../../src/page/charts/lines.js', import.meta.url)}';
    import { THEMES } from '${new URL('../../../src/page/theme.js', import.meta.url)}';
    const series = [{ name: 'a', points: [[0, 1], [90000, 2]] }];
    console.log(drawSvg(linesOption({ label: 'x', series }, THEMES.light), THEMES.light, { widthPx: 300, heightPx: 200, title: 'x' }));`;
  const [utc, tokyo] = ['UTC', 'Asia/Tokyo'].map(
    (TZ) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', program], { env: { TZ }, encoding: 'utf8' })
        .stdout,
  );
  assert.match(utc!, /^<svg/);
  assert.equal(utc, tokyo);
});

test('names that look like markup are text: the picture has no element or attribute of theirs', () => {
  for (const svg of draw()) {
    assert.ok(!svg.includes('<script') && !svg.includes('<img'), svg);
    assertWellFormed(svg);
    assert.match(svg, /^<svg role="img" /);
    assert.ok(svg.includes('<title>rows &lt;"&amp;&gt; of a step</title>'));
  }
});

/** Every tag is opened and closed, attributes are quoted and named once, and `<` stands nowhere else. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replaceAll(
    /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, closes, name, attributes, alone) => {
      const names = [...attributes.matchAll(/([\w:-]+)=/g)].map(([, each]) => each);
      assert.equal(new Set(names).size, names.length, `${name} ${attributes}`);
      if (closes) assert.equal(open.pop(), name);
      else if (!alone) open.push(name);
      return '';
    },
  );
  assert.deepEqual(open, []);
  assert.ok(!/[<>]/.test(rest.replaceAll(/<!\[CDATA\[[^]*?\]\]>/g, '').replaceAll('>', '')), rest);
}
