/** The engine is an optional peer of this package: whoever only asks servers need not install it. */
export const ENGINE_PACKAGE = 'node-llama-cpp';

/** What package.json says too; the test compares them. */
export const ENGINE_RANGE = '3.21.x';

export const ENGINE_MISSING =
  `the package ${ENGINE_PACKAGE}, which runs \`llamaCpp\` models, is not installed; ` +
  `expected it beside scalequest: npm install ${ENGINE_PACKAGE}@${ENGINE_RANGE}`;
