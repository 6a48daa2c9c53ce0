#!/usr/bin/env node
import { NOUNS } from './nouns.ts';
import { prepareProcess, runProgram } from './run-program.ts';

prepareProcess();
process.exitCode = await runProgram(Object.values(NOUNS), process.argv.slice(2));
