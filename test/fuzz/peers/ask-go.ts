import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What a case is: the keyring, an OpenPGP message, JSON, an image reference, a certificate, a policy.json. */
export type PeerCase = 'k' | 'm' | 'j' | 'r' | 'c' | 'p';

export interface GoQuestion {
  readonly kind: PeerCase;
  readonly bytes: Uint8Array;
}

/**
 * Asks the test tool fuzz-peers about all cases at once.
 *
 * @returns for each case but keyrings what Go read: `no`, or `ok` and a text
 */
export async function askGo(program: string, questions: readonly GoQuestion[]): Promise<readonly string[]> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answered = text(child.stdout);
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.end(Buffer.concat(questions.flatMap(frameCase)));
  const lines = (await answered).split('\n').slice(0, -1);
  const status = await exited;
  const wanted = questions.filter(({ kind }) => kind !== 'k').length;
  if (status !== 0 || lines.length !== wanted) {
    throw new Error(`fuzz-peers ended with ${status} and ${lines.length} answers to ${wanted} cases`);
  }
  return lines;
}

function frameCase({ kind, bytes }: GoQuestion): readonly Uint8Array[] {
  const head = Buffer.alloc(5);
  head.write(kind, 'latin1');
  head.writeUInt32BE(bytes.length, 1);
  return [head, bytes];
}
