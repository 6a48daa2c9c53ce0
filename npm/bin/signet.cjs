#!/usr/bin/env node
'use strict';
// Runs on any Node since 6, to say which one it needs before anything newer is read.
const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
const isSupported =
  (major === 22 && (minor > 22 || (minor === 22 && patch >= 2))) || (major === 24 && minor >= 15) || major > 24;

if (isSupported) {
  const path = require('node:path');
  // What V8 compiled is kept beside the code, where only those write who could change the code as well.
  require('node:module').enableCompileCache(path.join(__dirname, '../.cache'));
  require(path.join(__dirname, '../signet.cjs'));
} else {
  process.stderr.write(`signet needs Node 22.22.2 or later, or 24.15 or later; this is ${process.version}\n`);
  process.exitCode = 70;
}
