/** What a trainer's arguments may name in double braces. */
export const PLACEHOLDERS = ['data', 'shards', 'output', 'name', 'report', 'seed', 'checkpoint'] as const;

export type Placeholder = (typeof PLACEHOLDERS)[number];

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** Names in double braces that nothing stands for. */
export function unknownPlaceholders(text: string): string[] {
  const names = [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!);
  return names.filter((name) => !(PLACEHOLDERS as readonly string[]).includes(name));
}

/** One argument stays one argument, whatever the values hold. */
export function fillPlaceholders(text: string, values: Readonly<Record<Placeholder, string>>): string {
  return text.replace(PLACEHOLDER, (_, name: Placeholder) => values[name]);
}
