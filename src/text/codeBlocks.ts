/** A fenced block of a reply in Markdown. */
export interface CodeBlock {
  /** The first word behind the fence, in small letters; empty where there is none. */
  language: string;
  /** What stands between the fences. */
  code: string;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`{]*)/;

/** The fenced code blocks of a text that are closed, in order. Linear in the text. */
export function codeBlocks(text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { fence: string; language: string; lines: string[] } | null = null;
  for (const line of text.split(/\r?\n/)) {
    const [, fence, word = ''] = FENCE.exec(line) ?? [];
    if (open && fence?.startsWith(open.fence) && line.trim() === fence) {
      blocks.push({ language: open.language, code: open.lines.join('\n') });
      open = null;
    } else if (open) open.lines.push(line);
    else if (fence) open = { fence, language: word.toLowerCase(), lines: [] };
  }
  return blocks;
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
