// The charts as a module for Node, which draws the pictures of a run with it.
export { densityOption } from '../charts/density.js';
export { drawSvg } from '../charts/drawSvg.js';
export { funnelHeightPx, funnelOption } from '../charts/funnel.js';
export { histogramOption } from '../charts/histogram.js';
export { linesOption } from '../charts/lines.js';
export { THEMES } from '../theme.js';
