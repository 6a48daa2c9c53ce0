#!/usr/bin/env node
import { NOUNS } from './nouns/all.ts';
import { runProgram } from './run-program.ts';

await runProgram(Object.values(NOUNS));
