#!/usr/bin/env node
import { NOUNS } from './nouns.ts';
import { runProgram } from './run-program.ts';

await runProgram(Object.values(NOUNS));
