import { rememberHeld } from '../heldSchema.js';

/**
 * A schema for Anthropic's structured outputs (`output_config.format`; platform.claude.com/docs/en/build-with-claude/structured-outputs):
 * objects name all their properties, and bounds of numbers, of texts and of lists are refused, as are schemas that hold themselves.
 */
export const messagesSchema = rememberHeld({
  alternatives: 'anyOf',
  knows: (keyword, value) =>
    keyword === 'description' ||
    keyword === 'title' ||
    (keyword === 'minItems' && (value === 0 || value === 1)),
  fault({ type, properties, items, prefixItems }) {
    if (prefixItems !== undefined) return 'it has lists whose items have places of their own';
    if (type === 'array' && items === undefined) return 'it has a list of any values';
    return type === 'object' && properties === undefined ? 'it has an object of any properties' : null;
  },
  closed: { additionalProperties: false },
  refusesRecursion: true,
});
