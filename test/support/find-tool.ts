import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** A program that tests use where it is installed: in SIGNET_TEST_TOOLS or on the PATH. */
export async function findTool(name: string): Promise<string | undefined> {
  const tools = process.env['SIGNET_TEST_TOOLS'] ?? path.join(homedir(), '.cache', 'signet-test');
  const folders = [tools, ...(process.env['PATH'] ?? '').split(path.delimiter)];
  for (const candidate of folders.map((folder) => path.join(folder, name))) {
    const isThere = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return candidate;
  }
  return undefined;
}
