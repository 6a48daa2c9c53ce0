import fs from 'node:fs';
import { vi } from 'vitest';

/** What a log writes to the standard output and the standard error from now on, write by write; nothing is shown. */
export function listenToLog(): { readonly out: string[]; readonly err: string[] } {
  const [out, err]: [string[], string[]] = [[], []];
  const { writeSync } = fs;
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  vi.spyOn(fs, 'writeSync').mockImplementation(((descriptor: number, bytes: Uint8Array, ...rest: never[]) => {
    if (descriptor !== 1 && descriptor !== 2) return writeSync(descriptor, bytes, ...rest);
    (descriptor === 1 ? out : err).push(Buffer.from(bytes).toString('utf8'));
    return bytes.length;
  }) as typeof writeSync);
  return { out, err };
}
