// What view.html runs.
import { startApp } from '../dom/view/app.js';

startApp();
