import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Files that one process verifies. */
const FILES = 400;
const MAX_OUTPUT = 256 * 1024 * 1024;

/**
 * Asks gpg about messages, many in one process, in a home of its own.
 *
 * @param now seconds since 1970
 * @returns for each message whether exactly one signature is in it and is good, by a key that is valid
 */
export function askGpg(
  program: string,
  keyFile: Uint8Array,
  messages: readonly Uint8Array[],
  now: number,
): readonly boolean[] {
  const home = mkdtempSync(path.join(tmpdir(), 'fuzz-gpg-'));
  const base = ['--homedir', home, '--batch', '--no-tty', '--quiet', '--no-auto-check-trustdb'];
  const clock = ['--faked-system-time', String(now)];
  try {
    spawnSync(program, [...base, ...clock, '--import'], { input: keyFile });
    return chunk(messages).flatMap((some) => {
      const files = some.map((bytes, at) => {
        const file = path.join(home, `message-${at}`);
        writeFileSync(file, bytes);
        return file;
      });
      const args = [...base, ...clock, '--status-fd', '1', '--verify-files', ...files];
      const { stdout } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: MAX_OUTPUT });
      return readStatus(stdout, files);
    });
  } finally {
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']);
    rmSync(home, { recursive: true, force: true });
  }
}

/** Lines between `FILE_START` of a file and the next one are about it. */
function readStatus(status: string, files: readonly string[]): readonly boolean[] {
  const byFile = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of status.split('\n')) {
    const [, keyword = '', , ...file] = line.split(' ');
    if (keyword === 'FILE_START') {
      lines = [];
      byFile.set(file.join(' '), lines);
    }
    lines.push(keyword);
  }
  return files.map((file) => {
    const words = byFile.get(file) ?? [];
    const count = (keyword: string): number => words.filter((word) => word === keyword).length;
    return count('NEWSIG') <= 1 && count('GOODSIG') === 1 && count('VALIDSIG') === 1 && count('BADSIG') === 0;
  });
}

function chunk<T>(list: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / FILES) }, (_, at) => list.slice(at * FILES, (at + 1) * FILES));
}
