// Looks for each quote of a response in the document, as a step of one's own (docs/custom.md): see grounded.yaml.
//
//   operators: [./operators/checkQuotes.mjs]
//   steps:
//     - checkQuotes: { quotesMin: 1, charsMin: 20 }

/** What two writings of one passage may differ in: spaces, line breaks, the form of quotation marks and dashes. */
function plain(text) {
  return text
    .normalize('NFKC')
    .replace(/[‘’‚‛]/g, "'")
    .replace(/[“”„«»]/g, '"')
    .replace(/[‐‑‒–—]/g, '-')
    .replace(/\s+/g, ' ')
    .trim();
}

/** What stands between the marks, in order. */
function quotesIn(response) {
  return response
    .split('<quote>')
    .slice(1)
    .map((part) => part.split('</quote>', 2))
    .flatMap(([quote, behind]) => (behind === undefined ? [] : [quote.trim()]));
}

/** @type {import('scalequest').OperatorDefinition} */
export default {
  name: 'checkQuotes',
  summary: 'Keeps responses whose quotes all stand in the document.',
  options: {
    type: 'object',
    properties: {
      quotesMin: {
        type: 'integer',
        minimum: 0,
        default: 1,
        description: 'Fewest quotes of a response that is kept.',
      },
      charsMin: {
        type: 'integer',
        minimum: 1,
        default: 20,
        description: 'Characters from which on a quote counts.',
      },
    },
    additionalProperties: false,
  },
  example: { quotesMin: 1, charsMin: 20 },
  reads: { document: 'string', response: 'string' },
  writes: [
    { name: 'quotes', type: 'list<string>', help: 'The passages of the document that the response quotes.' },
  ],
  drops: {
    noQuotes: 'the response has fewer quotes than `quotesMin`, of `charsMin` characters or more',
    misquoted: 'a quote does not stand in the document',
  },

  row({ document, response }, tools) {
    const { quotesMin, charsMin } = tools.options;
    const quotes = quotesIn(response);
    const source = plain(document);
    if (!quotes.every((quote) => source.includes(plain(quote)))) return tools.drop('misquoted');
    if (quotes.filter((quote) => quote.length >= charsMin).length < quotesMin) return tools.drop('noQuotes');
    return { quotes };
  },
};
