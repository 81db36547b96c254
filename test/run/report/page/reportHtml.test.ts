import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { ReportData } from '../../../../src/page/report/reportData.js';
import { reportHtml } from '../../../../src/run/report/page/reportHtml.js';

const EVIL = `</script><script>alert(1)</script><!-- <img src=x onerror="alert('&')">`;
const data = { name: EVIL, summary: EVIL, pipeline: EVIL } as ReportData;
const html = reportHtml(
  { data, examples: Buffer.from('a'), numbers: new Uint8Array(0) },
  { script: 'const end = "</script>", begin = "<!--";', styles: 'p { color: red }', licences: 'MIT -- text' },
);

test('the policy allows the one script that is in it and no connection', () => {
  const scripts = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(([, text]) => text!);
  assert.equal(scripts.length, 1);
  const hash = createHash('sha256').update(scripts[0]!).digest('base64');
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
  assert.ok(policy.includes(`script-src 'sha256-${hash}'`), policy);
  assert.ok(policy.startsWith("default-src 'none'") && !/https?:|\*|unsafe-eval/.test(policy));
});

test('texts of rows and settings begin and end no tag', () => {
  assert.ok(!html.includes('<img') && !html.includes('<script>alert'));
  const block = /id="data">([^<]*)<\/script>/.exec(html)![1]!;
  assert.deepEqual(JSON.parse(block), data);
  assert.match(html, /<title>&lt;\/script>|<title>&lt;\/script&gt;/);
});
