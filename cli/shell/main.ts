#!/usr/bin/env node
import { NOUNS } from './nouns.ts';
import { runProcess } from './run-process.ts';

await runProcess(Object.values(NOUNS));
