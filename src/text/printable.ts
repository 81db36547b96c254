/**
 * Characters that a terminal or an editor obeys instead of showing: controls (among them the escape that begins a sequence),
 * and those that turn the direction of writing around. Line ends and tabs are left alone.
 */
const COMMANDS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g;

/**
 * A text that others wrote, as it may be printed: what a terminal would obey stands there as its code, like `\u001b`. So a
 * server, a model or a file can neither colour, move nor forge what a command says.
 */
export function printable(text: string): string {
  return text.replace(COMMANDS, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same in one line, at most `charsMax` characters long. */
export function printableLine(text: string, charsMax: number): string {
  // Space is collapsed in what can become visible, not in megabytes of it.
  const head = text.slice(0, charsMax * 4);
  const line = printable(head.replace(/\s+/g, ' ')).trim();
  return line.length > charsMax || head.length < text.length ? `${line.slice(0, charsMax)}…` : line;
}
