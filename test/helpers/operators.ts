import { loadOperators } from '../../src/operators/registry.js';

/** All operators, for tests that walk them. */
export const OPERATORS = await loadOperators();
