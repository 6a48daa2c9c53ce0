#!/usr/bin/env node
import { loadNouns } from './nouns.ts';
import { runProcess } from './run-process.ts';

await runProcess(await loadNouns(process.argv[2]));
