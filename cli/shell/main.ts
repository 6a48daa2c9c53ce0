#!/usr/bin/env node
import { loadNouns } from './nouns.ts';
import { runProcess } from './run-program.ts';

await runProcess(await loadNouns(process.argv[2]));
