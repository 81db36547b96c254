import { rememberHeld } from '../heldSchema.js';

/** A longer repetition makes a grammar that llama.cpp refuses. */
const REPEATED_MAX = 1000;
const BOUNDS = new Set(['minLength', 'maxLength', 'minItems', 'maxItems']);

/**
 * A schema for node-llama-cpp 3.21 (`createGrammarForJsonSchema`; its types are in dist/utils/gbnfJson/types.d.ts): each property is
 * written, in order, and no other one. So a schema with properties that may be left out is not held at all: they would never be.
 */
export const grammarSchema = rememberHeld({
  alternatives: 'oneOf',
  knows: (keyword, value) =>
    BOUNDS.has(keyword) && typeof value === 'number' && Number.isInteger(value) && value <= REPEATED_MAX,
  fault({ type, properties, required, items, minProperties, prefixItems }) {
    if (prefixItems !== undefined) return 'it has lists whose items have places of their own';
    if (type === 'array') return items === undefined ? 'it has a list of any values' : null;
    if (type !== 'object') return null;
    const names = Object.keys((properties ?? {}) as object);
    if (names.length === 0) return 'it has an object of any properties';
    const needed: readonly unknown[] = Array.isArray(required) ? required : [];
    const free = names.find((name) => !needed.includes(name));
    if (free !== undefined) return `its property ${free} may be left out`;
    return typeof minProperties === 'number' && minProperties > names.length
      ? 'it wants more properties than it names'
      : null;
  },
});
