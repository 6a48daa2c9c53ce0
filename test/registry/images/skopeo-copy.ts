import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What skopeo makes of an image: its policy accepts or rejects it, or skopeo stops before it asks the policy. */
export type SkopeoAnswer = 'accept' | 'reject' | 'not run';

export async function readSkopeoVersion(program: string): Promise<string> {
  return (await run(program, ['--version'])).stdout.trim();
}

/**
 * `skopeo copy --policy` from one directory to another. The images have no layers: once the policy has accepted one,
 * the copy ends where it looks for them.
 */
export async function askSkopeo(program: string, policyFile: string, from: string, to: string): Promise<SkopeoAnswer> {
  const args = ['copy', '--policy', policyFile, `dir:${from}`, `dir:${to}`];
  const { stdout, stderr } = await run(program, args).catch((error: unknown) => {
    // Of any other error there is no output, and so no answer.
    return { stdout: '', stderr: '', ...(error as { readonly stdout?: string; readonly stderr?: string }) };
  });
  if (stderr.includes('Source image rejected: ')) return 'reject';
  return stdout.includes('Copying blob') || stdout.includes('Copying config') ? 'accept' : 'not run';
}
