import katex from 'katex';
import { mathParts } from '../math/mathParts.js';

/** A text of a row as nodes: words as text, formulas set by KaTeX. Nothing of it is read as HTML, and nothing of it throws. */
export function typeset(text: string): DocumentFragment {
  const nodes = document.createDocumentFragment();
  for (const { kind, text: tex, source } of mathParts(text))
    nodes.append(kind === 'text' ? source : formula(tex, source, kind === 'display'));
  return nodes;
}

function formula(tex: string, source: string, displayMode: boolean): Node {
  const element = document.createElement('span');
  try {
    katex.render(tex, element, { displayMode, ...BOUNDS, throwOnError: true });
    return element;
  } catch {
    const broken = document.createElement('code');
    broken.className = 'broken';
    broken.title = 'This formula could not be set.';
    broken.textContent = source;
    return broken;
  }
}

/** No links, images or classes from a formula, no macro that grows without end, no box larger than a page. */
const BOUNDS = { trust: false, strict: false, maxExpand: 200, maxSize: 20 } as const;
