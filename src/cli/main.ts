#!/usr/bin/env node
// The bundle's copy of startProgram.ts, which scripts/bundle.mjs makes: a few files load in half the time of all modules.
import { startProgram } from '#startProgram';

await startProgram();
