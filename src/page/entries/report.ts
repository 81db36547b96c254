// What report.html runs.
export { chartIn } from '../dom/chartIn.js';
export { themeSwitch } from '../dom/themeSwitch.js';
export { typeset } from '../dom/typeset.js';
