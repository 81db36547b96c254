// The script of report.html: it shows what stands in the page, and asks for nothing.
import { createCharts } from '../dom/charts.js';
import { button, el } from '../dom/el.js';
import { inflate } from '../dom/inflate.js';
import { reportSections } from '../dom/report/reportPage.js';
import { themeSwitch } from '../dom/themeSwitch.js';
import type { ExampleRow, ReportData } from '../report/reportData.js';
import { decodeNumbers } from '../report/whatIf.js';

function textOf(id: string): string {
  return document.getElementById(id)?.textContent ?? '';
}

async function show(): Promise<void> {
  const data = JSON.parse(textOf('data')) as ReportData;
  const [examples, numbers] = await Promise.all([inflate(textOf('examples')), inflate(textOf('numbers'))]);
  const charts = createCharts();
  const rows = data.whatIf && numbers.length > 0 ? decodeNumbers(numbers, data.whatIf) : null;
  const shown = JSON.parse(new TextDecoder().decode(examples)) as ExampleRow[];
  const theme = button('', () => {});
  document.querySelector('header')!.replaceChildren(el('h1', {}, data.name), theme);
  document.querySelector('main')!.replaceChildren(...reportSections({ data, examples: shown, rows }, charts));
  document
    .querySelector('footer')!
    .replaceChildren(
      `Written by scalequest ${data.version} from the files of the run folder; this page loads nothing. `,
      'Charts by ECharts, formulas by KaTeX: their licences stand in this file.',
    );
  themeSwitch(theme, (next) => charts.setTheme(next));
}

show().catch((error: unknown) => {
  document.querySelector('main')!.textContent = `The report cannot be shown: ${String(error)}`;
});
