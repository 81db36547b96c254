export { fileError } from '../io/files/files.js';
