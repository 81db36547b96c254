import type { SourceFile } from '../helpers/files/sourceFiles.js';

/**
 * Finds collections that outlive the call that adds to them: an array, map, set, text or record that a function declares empty and
 * that a function inside it adds to, one that a module declares, and a property that is added to. By the indentation that
 * prettier gives.
 */
export function growingIn({ lines }: Pick<SourceFile, 'lines'>): string[] {
  const names = new Set<string>();
  for (const [at, line] of lines.entries()) {
    const name = DECLARED.exec(line)?.[2];
    if (name && isGrownInside(lines, at, name)) names.add(name);
    for (const [, property] of line.matchAll(GROWN_PROPERTY)) names.add(`.${property}`);
    for (const [, property] of line.matchAll(MADE_PROPERTY)) names.add(`.${property}`);
  }
  return [...names];
}

const DECLARED =
  /^( *)(?:export )?(?:const|let|readonly|#|private) ?#?(\w+)(?:: [^=]+)? = (?:\[\]|\{\}|''|new (?:Map|Set)\b.*);$/;
const GROWN_PROPERTY = /[\w)\]!]\.#?(\w+)\.(?:push|unshift|set|add)\(/g;

/** A map or a set in an object that is made. */
const MADE_PROPERTY = /\b(\w+): new (?:Map|Set)\b/g;

/** What begins a function whose body follows in the lines below. */
const FUNCTION =
  /\bfunction\b.*\{$|=> (?:\(?\{|\()$|=>$|^ *(?:async |static |override |\*)*[#\w]+(?:<.*>)?\(.*\)(?::.*)? \{$/;
/** Looks like a method, and is none. */
const BLOCK = /^ *(?:\} )?(?:if|for|while|switch|catch|else|do)\b/;

function isGrownInside(lines: readonly string[], declaredAt: number, name: string): boolean {
  const grows = new RegExp(
    `(?<![.\\w])${name}(?:!|\\?)?(?:\\.(?:push|unshift|set|add)\\(|\\[[^\\]]+\\]!? (?:\\?\\?|\\+)?= | \\+= | = \\[\\.\\.\\.${name}\\b)`,
  );
  const scope = indentOf(lines[declaredAt]!);
  for (let at = declaredAt + 1; at < lines.length; at++) {
    const line = lines[at]!;
    if (line.trim() === '') continue;
    if (indentOf(line) < scope) return false;
    if (grows.test(line) && isInFunction(lines, at, scope, grows)) return true;
  }
  return false;
}

/** Whether a function begins between the line and the scope of the declaration, or on the line before what grows. */
function isInFunction(lines: readonly string[], at: number, scope: number, grows: RegExp): boolean {
  const line = lines[at]!;
  if (line.slice(0, line.search(grows)).includes('=>')) return true;
  let indent = indentOf(line);
  for (let above = at - 1; above >= 0 && indent > scope; above--) {
    const text = lines[above]!;
    if (text.trim() === '' || indentOf(text) >= indent) continue;
    indent = indentOf(text);
    if (FUNCTION.test(text) && !BLOCK.test(text)) return true;
  }
  return false;
}

function indentOf(line: string): number {
  return line.search(/\S|$/);
}
