// Imported before the tests of a process (scripts/runTests.mjs).
//
// V8 compiles anew what has run often, and most tests end before that pays: it took up to a third of their CPU. With a budget eight
// times the usual one only what runs for long is compiled.
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--interrupt-budget=1000000');
