import { spawnSync } from 'node:child_process';

/** The first of these programs that runs; undefined where there is none. `versionFlag` is what makes it say hello. */
export function findProgram(names: readonly string[], versionFlag = '--version'): string | undefined {
  return names.find((name) => spawnSync(name, [versionFlag], { stdio: 'ignore' }).status === 0);
}
