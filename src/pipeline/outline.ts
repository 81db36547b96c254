import { LineCounter, isMap, isScalar, parseDocument, visit } from 'yaml';

/** What stands where in the text of a pipeline or chain file, which need not be valid. */
export interface Outline {
  /** Every value that is a string, as written: variables are not filled in. `start` and `end` are offsets into the text. */
  strings: { value: string; start: number; end: number }[];
  /** Lines of the top keys, from 1. */
  lines: ReadonlyMap<string, number>;
  /** Every key, at whatever depth. */
  keys: ReadonlySet<string>;
  /** Environment variables that must be set, for the file gives no default. */
  variables: string[];
}

export function outlineOf(text: string): Outline {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const strings: Outline['strings'] = [];
  const keys = new Set<string>();
  visit(document, {
    Scalar(role, { value, range }) {
      if (role === 'key') keys.add(String(value));
      else if (typeof value === 'string' && range) strings.push({ value, start: range[0], end: range[1] });
    },
  });
  return { strings, lines: topLines(document.contents, counter), keys, variables: variablesIn(strings) };
}

function topLines(contents: unknown, counter: LineCounter): Map<string, number> {
  const lines = new Map<string, number>();
  if (!isMap(contents)) return lines;
  for (const { key } of contents.items) {
    if (isScalar(key) && key.range) lines.set(String(key.value), counter.linePos(key.range[0]).line);
  }
  return lines;
}

function variablesIn(strings: Outline['strings']): string[] {
  const names = strings.flatMap(({ value }) => [...value.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)]);
  return [...new Set(names.map(([, name]) => name!))];
}
