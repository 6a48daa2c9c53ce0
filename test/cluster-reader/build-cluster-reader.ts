import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

/** The program, or why there is none. */
export type ClusterReader =
  | { readonly kind: 'built'; readonly program: string }
  | { readonly kind: 'missing'; readonly reason: string };

const SOURCES = path.join(import.meta.dirname, 'go');
const run = promisify(execFile);

/** Builds `go/main.go`. What cannot be fetched is a reason not to run; what does not compile is an error. */
export async function buildClusterReader(scratch: string): Promise<ClusterReader> {
  const program = path.join(scratch, 'cluster-reader');
  try {
    await run('go', ['version']);
  } catch {
    return { kind: 'missing', reason: 'there is no Go' };
  }
  const options = { cwd: SOURCES, env: { ...process.env, GOWORK: 'off' }, maxBuffer: 2 ** 26 };
  try {
    // Fetches all that is imported, by the sums in go.sum.
    await run('go', ['list', '-deps', '.'], options);
  } catch (error) {
    const [first = ''] = String((error as { readonly stderr?: unknown }).stderr).split('\n');
    return { kind: 'missing', reason: `library-go cannot be fetched: ${first}` };
  }
  await run('go', ['build', '-buildvcs=false', '-o', program, '.'], options);
  return { kind: 'built', program };
}
