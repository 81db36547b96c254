export { packageVersion } from '../io/files/packageFiles.js';
