import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findTool } from '../../../support/tools.ts';

const SIGNET = [process.execPath, path.join(import.meta.dirname, '../../../../cli/shell/main.ts'), 'sopv'];
const tools = { gpg: findTool('gpg'), sqop: findTool('sqop'), gosop: findTool('gosop') };

const DATA = 'one\n- two\n-----BEGIN PGP three\n  four \n\nfive';
const USERS = { rsa: 'rsa3072', edwards: 'ed25519', curve: 'nistp256', stranger: 'rsa2048' } as const;
type User = keyof typeof USERS;

let work = '';
let home = '';
const at = (name: string): string => path.join(work, name);

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
}

function run([program = '', ...first]: readonly string[], args: readonly string[], input: string | Uint8Array): Answer {
  const { status, stdout } = spawnSync(program, [...first, ...args], { cwd: work, input, maxBuffer: 1 << 26 });
  return { status, stdout: stdout.toString('latin1') };
}

function gpg(args: readonly string[], input: string | Uint8Array = ''): Buffer {
  const base = ['--homedir', home, '--batch', '--no-tty', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''];
  const { status, stdout, stderr } = spawnSync('gpg', [...base, '--faked-system-time', '1763800000!', ...args], {
    input,
  });
  if (status !== 0) throw new Error(`gpg ${args.join(' ')}: ${stderr.toString()}`);
  return stdout;
}

const sign = (users: readonly User[], ...how: readonly string[]): Buffer =>
  gpg([...users.flatMap((user) => ['-u', user]), ...how], DATA);

beforeAll(() => {
  if (tools.gpg === undefined) return;
  work = mkdtempSync(path.join(tmpdir(), 'signet-sopv-peers-'));
  home = mkdtempSync(path.join(tmpdir(), 'signet-gpg-'));
  for (const [user, algorithm] of Object.entries(USERS)) {
    gpg(['--quick-gen-key', user, algorithm, 'cert,sign', 'never']);
    writeFileSync(at(`${user}.pgp`), gpg(['--export', user]));
    writeFileSync(at(`${user}.asc`), gpg(['--armor', '--export', user]));
  }
});
afterAll(() => {
  if (home === '') return;
  spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  for (const folder of [home, work]) rmSync(folder, { recursive: true, force: true });
});

/** Lines without what may follow the two fingerprints: older versions of the draft have no mode. */
const toLines = ({ status, stdout }: Answer): readonly string[] =>
  status === 0
    ? stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' ').slice(0, 3).join(' '))
        .toSorted()
    : [`status ${status}`];

const spoil = (bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  copy[copy.length - 3] = (copy.at(-3) ?? 0) ^ 1;
  return copy;
};

interface Row {
  readonly name: string;
  readonly signatures: () => string | Uint8Array;
  readonly certificates: readonly string[];
  readonly data?: string;
  /** How many signatures are valid. */
  readonly valid: number;
  /** Why a peer answers otherwise. */
  readonly unlike?: Partial<Record<'sqop' | 'gosop', string>>;
}

const DETACHED: readonly Row[] = [
  { name: 'RSA', signatures: () => sign(['rsa'], '--detach-sign'), certificates: ['rsa.pgp'], valid: 1 },
  { name: 'Ed25519', signatures: () => sign(['edwards'], '--detach-sign'), certificates: ['edwards.asc'], valid: 1 },
  { name: 'P-256', signatures: () => sign(['curve'], '--detach-sign'), certificates: ['curve.pgp'], valid: 1 },
  { name: 'armored', signatures: () => sign(['rsa'], '--armor', '--detach-sign'), certificates: ['rsa.asc'], valid: 1 },
  {
    name: 'of text, other line ends',
    signatures: () => sign(['rsa'], '--textmode', '--detach-sign'),
    certificates: ['rsa.pgp'],
    data: DATA.replaceAll('\n', '\r\n'),
    valid: 1,
  },
  {
    name: 'by two, of whom one is known',
    signatures: () => sign(['stranger', 'rsa'], '--detach-sign'),
    certificates: ['rsa.pgp', 'edwards.pgp'],
    valid: 1,
  },
  {
    name: 'by two',
    signatures: () => sign(['curve', 'rsa'], '--detach-sign'),
    certificates: ['rsa.pgp', 'curve.pgp'],
    valid: 2,
    unlike: { gosop: 'it prints one of them' },
  },
  {
    name: 'a bad one before a good one',
    signatures: () => Buffer.concat([spoil(sign(['curve'], '--detach-sign')), sign(['rsa'], '--detach-sign')]),
    certificates: ['rsa.pgp', 'curve.pgp'],
    valid: 1,
  },
  { name: 'by a stranger', signatures: () => sign(['stranger'], '--detach-sign'), certificates: ['rsa.pgp'], valid: 0 },
  {
    name: 'over other data',
    signatures: () => sign(['rsa'], '--detach-sign'),
    certificates: ['rsa.pgp'],
    data: `${DATA}\n`,
    valid: 0,
  },
  {
    name: 'with a hash that is broken',
    signatures: () => sign(['rsa'], '--digest-algo', 'SHA1', '--allow-weak-digest-algos', '--detach-sign'),
    certificates: ['rsa.pgp'],
    valid: 0,
  },
];

describe.runIf(tools.gpg !== undefined)('signet sopv verify over what gpg signed', () => {
  test.each(DETACHED)('$name', ({ signatures, certificates, data = DATA, valid, unlike = {} }) => {
    writeFileSync(at('signatures'), signatures());
    const args = ['verify', 'signatures', ...certificates];
    const ours = toLines(run(SIGNET, args, data));
    expect(ours).toHaveLength(valid === 0 ? 1 : valid);
    if (valid === 0) expect(ours).toEqual(['status 3']);
    for (const peer of ['sqop', 'gosop'] as const) {
      const program = tools[peer];
      if (program === undefined) continue;
      const theirs = toLines(run([program], args, data));
      if (unlike[peer] === undefined) expect([peer, theirs]).toEqual([peer, ours]);
      else expect([peer, theirs]).not.toEqual([peer, ours]);
    }
  });
});

const INLINE: readonly Row[] = [
  { name: 'a message', signatures: () => sign(['rsa'], '--sign'), certificates: ['rsa.pgp'], valid: 1 },
  {
    name: 'not compressed',
    signatures: () => sign(['curve'], '-z', '0', '--sign'),
    certificates: ['curve.pgp'],
    valid: 1,
  },
  {
    name: 'in BZIP2',
    signatures: () => sign(['rsa'], '--compress-algo', 'bzip2', '--sign'),
    certificates: ['rsa.pgp'],
    valid: 1,
  },
  { name: 'armored', signatures: () => sign(['rsa'], '--armor', '--sign'), certificates: ['rsa.pgp'], valid: 1 },
  {
    name: 'by three',
    signatures: () => sign(['rsa', 'curve', 'edwards'], '--sign'),
    certificates: ['rsa.pgp', 'curve.pgp', 'edwards.pgp'],
    valid: 3,
  },
  {
    name: 'by two, of whom one is known',
    signatures: () => sign(['rsa', 'stranger'], '--sign'),
    certificates: ['rsa.pgp'],
    valid: 1,
  },
  { name: 'by a stranger', signatures: () => sign(['stranger'], '--sign'), certificates: ['rsa.pgp'], valid: 0 },
  { name: 'as text', signatures: () => sign(['rsa'], '--textmode', '--sign'), certificates: ['rsa.pgp'], valid: 1 },
  { name: 'clearsigned', signatures: () => sign(['rsa'], '--clearsign'), certificates: ['rsa.pgp'], valid: 1 },
  {
    name: 'clearsigned by two',
    signatures: () => sign(['rsa', 'edwards'], '--clearsign'),
    certificates: ['rsa.pgp', 'edwards.pgp'],
    valid: 2,
  },
  {
    name: 'clearsigned, with a line more',
    signatures: () => sign(['rsa'], '--clearsign').toString().replace('one\n', 'one\nmore\n'),
    certificates: ['rsa.pgp'],
    valid: 0,
  },
];

describe.runIf(tools.gpg !== undefined)('signet sopv inline-verify over what gpg signed', () => {
  test.each(INLINE)('$name', ({ signatures, certificates, valid }) => {
    const message = signatures();
    const answer = (program: readonly string[]): { readonly lines: readonly string[]; readonly content: string } => {
      rmSync(at('verifications'), { force: true });
      const { status, stdout } = run(
        program,
        ['inline-verify', '--verifications-out=verifications', ...certificates],
        message,
      );
      if (status !== 0) return { lines: [`status ${status}`], content: '' };
      return { lines: toLines({ status, stdout: readFileSync(at('verifications'), 'utf8') }), content: stdout };
    };
    const ours = answer(SIGNET);
    expect(ours.lines).toHaveLength(valid === 0 ? 1 : valid);
    if (valid === 0) expect(ours.lines).toEqual(['status 3']);
    if (tools.sqop !== undefined) expect(answer([tools.sqop])).toEqual(ours);
  });
});
