/** A fenced block of Markdown. */
export interface CodeBlock {
  /** The word behind the fence, in lower case; empty where there is none. */
  language: string;
  code: string;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)/;

/** The fenced blocks of a text, in order. A last one without an end goes to the end of the text. */
export function codeBlocks(text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { fence: string; language: string; lines: string[] } | null = null;
  for (const line of text.split('\n')) {
    const found = FENCE.exec(line);
    if (open === null) {
      if (found) open = { fence: found[1]!, language: found[2]!.toLowerCase(), lines: [] };
    } else if (found && found[1]!.startsWith(open.fence) && line.trim() === found[1]) {
      blocks.push(blockOf(open));
      open = null;
    } else open.lines.push(line);
  }
  if (open) blocks.push(blockOf(open));
  return blocks;
}

function blockOf({ language, lines }: { language: string; lines: readonly string[] }): CodeBlock {
  return { language, code: lines.map((line) => `${line}\n`).join('') };
}

/** What fences call a language besides its name. */
const ALSO: ReadonlyMap<string, readonly string[]> = new Map([
  ['python', ['py', 'python3']],
  ['cpp', ['c++', 'cc']],
  ['csharp', ['c#', 'cs']],
  ['nodejs', ['javascript', 'js', 'node']],
  ['typescript', ['ts']],
  ['go', ['golang']],
  ['rust', ['rs']],
  ['bash', ['sh', 'shell']],
]);

/** The blocks in a language; where none is marked with it, those that are marked with nothing. */
export function blocksIn(text: string, language: string): CodeBlock[] {
  const blocks = codeBlocks(text);
  const names = [language, ...(ALSO.get(language) ?? [])];
  const marked = blocks.filter((block) => names.includes(block.language));
  return marked.length > 0 ? marked : blocks.filter((block) => block.language === '');
}
