import { createHash } from 'node:crypto';
import type { BuiltReport } from './buildReport.js';
import type { PageFiles } from './pageFiles.js';

/**
 * The report as one file that loads nothing: its policy allows the one script that stands in it, and no connection. What comes from
 * rows and settings stands in blocks of data, which the script shows as text.
 */
export function reportHtml(
  { data, examples, numbers }: BuiltReport,
  { script, styles, licences }: PageFiles,
): string {
  const own = inScript(script);
  const hash = createHash('sha256').update(own).digest('base64');
  const policy = [
    ...["default-src 'none'", `script-src 'sha256-${hash}'`, "style-src 'unsafe-inline'", 'font-src data:'],
    ...['img-src data:', "base-uri 'none'", "form-action 'none'"],
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${asText(data.name)}: report of a ScaleQuest run</title>
<!--
${licences.replaceAll('--', '- -')}
-->
<style>${styles}</style>
</head>
<body>
<header></header>
<main><noscript>This report draws its charts in the page: allow its script.</noscript></main>
<footer></footer>
<script type="application/json" id="data">${asData(JSON.stringify(data))}</script>
<script type="text/plain" id="examples">${base64(examples)}</script>
<script type="text/plain" id="numbers">${base64(numbers)}</script>
<script>${own}</script>
</body>
</html>
`;
}

/** JSON in which no tag can begin or end. */
function asData(json: string): string {
  return json.replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** A script whose texts cannot end it. */
function inScript(script: string): string {
  return script.replaceAll(/<(?=\/script|!--)/gi, '\\x3c');
}

function asText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
