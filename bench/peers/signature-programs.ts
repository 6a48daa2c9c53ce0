import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { type Contender, REFERENCE, type SignedRelease } from '../process/verifying-programs.ts';
import { findProgram } from './find-program.ts';

/** `skopeo standalone-verify`, which asks gpg: its keys lie in a folder of gpg's. */
export async function findSkopeo({ at, fingerprint }: SignedRelease): Promise<Contender> {
  const program = findProgram(['skopeo']);
  if (program === undefined) return { kind: 'missing', reason: 'there is no skopeo' };
  const env = { ...process.env, GNUPGHOME: at('gnupg') };
  try {
    await mkdir(at('gnupg'), { mode: 0o700 });
    execFileSync('gpg', ['--batch', '--quiet', '--import', at('keys.gpg')], { env, stdio: 'ignore' });
  } catch {
    return { kind: 'missing', reason: 'there is no gpg, which skopeo’s keys come from' };
  }
  const args = ['standalone-verify', at('manifest'), REFERENCE, fingerprint, at('signature-1')];
  return { kind: 'program', program, args, env };
}

export function findGpgv({ at }: SignedRelease): Contender {
  const program = findProgram(['gpgv']);
  if (program === undefined) return { kind: 'missing', reason: 'there is no gpgv' };
  return { kind: 'program', program, args: ['--keyring', at('keys.gpg'), at('signature-1')] };
}

/** It takes detached signatures alone. */
export function findSqv({ at }: SignedRelease): Contender {
  const program = findProgram(['sqv']);
  if (program === undefined) return { kind: 'missing', reason: 'there is no sqv' };
  return { kind: 'program', program, args: ['--keyring', at('keys.gpg'), at('payload.sig'), at('payload')] };
}
