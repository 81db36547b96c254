/** The strings of Node 20 have these; TypeScript's library for it does not. */
interface Checked {
  isWellFormed(): boolean;
  toWellFormed(): string;
}

/** Whether no half of a surrogate pair stands alone: such a text has no form in UTF-8. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as Checked).isWellFormed();
}

/** With U+FFFD in place of each half that stands alone. */
export function toWellFormed(text: string): string {
  return (text as unknown as Checked).toWellFormed();
}
