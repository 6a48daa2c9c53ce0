import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateSignedList } from '../../../../lib/artifact/checksums/evaluate-signed-list.ts';
import { verifyListFile } from '../../../../lib/artifact/checksums/verify-list-file.ts';
import { type IndexedKeyring, indexKeyring } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { type ListSigner, makeListSigner, toLine } from '../../../artifact/checksums/list-signer.ts';
import { findTool } from '../../../support/tools.ts';

const hasGpg = findTool('gpg') !== undefined;

const LIST =
  toLine('a'.repeat(64), 'one.tar.gz') + toLine('b'.repeat(64), '-two.tar.gz') + toLine('c'.repeat(64), 'three');
const SWAPPED = LIST.replace('aaaa', 'dddd');
const SIGNER = 'Signet test gpg';
const STRANGER = 'Signet test stranger';

let home = '';
let ours: ListSigner;
let keyring: IndexedKeyring;

function gpg(args: readonly string[], input?: string | Uint8Array): { status: number | null; stdout: Buffer } {
  const base = ['--homedir', home, '--batch', '--no-tty', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''];
  return spawnSync('gpg', [...base, ...args], { input, stdio: ['pipe', 'pipe', 'ignore'] });
}

const sign = (list: string, ...how: readonly string[]): Buffer => gpg(['-u', SIGNER, ...how], list).stdout;
const crlf = (text: string | Buffer): string => text.toString().replaceAll('\n', '\r\n');
const signedTwice = (list: string, ...how: readonly string[]): Buffer =>
  gpg(['-u', SIGNER, '-u', STRANGER, ...how], list).stdout;

beforeAll(async () => {
  ours = await makeListSigner('writer');
  if (!hasGpg) return;
  home = mkdtempSync(path.join(tmpdir(), 'signet-gpg-'));
  for (const user of [SIGNER, STRANGER]) gpg(['--quick-gen-key', user, 'rsa2048', 'cert,sign', 'never']);
  gpg(['--import'], ours.certificate);
  const certificates = Buffer.concat([gpg(['--export', SIGNER]).stdout, ours.certificate]);
  keyring = indexKeyring((await prepareKeyring('gpg', certificates)).keyring);
  byStranger.clearsigned = signedTwice(LIST, '--clearsign');
  byStranger.detached = signedTwice(LIST, '--detach-sign');
  byStranger.inline = gpg(['-u', STRANGER, '--sign'], LIST).stdout;
  // From here on gpg knows the stranger as little as the keyring does.
  const listing = gpg(['--with-colons', '--list-keys', STRANGER]).stdout.toString();
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listing)?.[1] ?? '';
  gpg(['--yes', '--delete-secret-and-public-key', fingerprint]);
});
afterAll(() => {
  if (home === '') return;
  spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  rmSync(home, { recursive: true, force: true });
});

/** Signed while the stranger's key was there, the first two by the keyring's key as well. */
const byStranger: Record<'clearsigned' | 'detached' | 'inline', Buffer> = {
  clearsigned: Buffer.alloc(0),
  detached: Buffer.alloc(0),
  inline: Buffer.alloc(0),
};

interface Row {
  readonly name: string;
  /** The file that is asked about. */
  readonly file: () => string | Uint8Array;
  /** The list beside it, for a detached signature or a list under its good name. */
  readonly list?: string;
  readonly expected: 'good' | 'bad';
}

const ROWS: readonly Row[] = [
  { name: 'inline', file: () => sign(LIST, '--sign'), expected: 'good' },
  { name: 'inline, not compressed', file: () => sign(LIST, '--compress-algo', 'none', '--sign'), expected: 'good' },
  { name: 'inline, as text', file: () => sign(LIST, '--textmode', '--sign'), expected: 'good' },
  { name: 'inline, armored', file: () => sign(LIST, '--armor', '--sign'), expected: 'good' },
  { name: 'inline, armored, CR LF', file: () => crlf(sign(LIST, '--armor', '--sign')), expected: 'good' },
  {
    name: 'inline, armored, in a letter',
    file: () => `Hello\n${sign(LIST, '--armor', '--sign').toString()}bye\n`,
    expected: 'good',
  },
  { name: 'inline, of the good list', file: () => sign(LIST, '--sign'), list: LIST, expected: 'good' },
  {
    name: 'inline, of another list under a good name',
    file: () => sign(LIST, '--sign'),
    list: SWAPPED,
    expected: 'bad',
  },
  { name: 'inline, by a stranger', file: () => byStranger.inline, expected: 'bad' },
  { name: 'clearsigned', file: () => sign(LIST, '--clearsign'), expected: 'good' },
  { name: 'clearsigned, SHA-256', file: () => sign(LIST, '--digest-algo', 'SHA256', '--clearsign'), expected: 'good' },
  { name: 'clearsigned, CR LF', file: () => crlf(sign(LIST, '--clearsign')), expected: 'good' },
  { name: 'clearsigned, a list with CR LF', file: () => sign(crlf(LIST), '--clearsign'), expected: 'good' },
  {
    name: 'clearsigned, every line escaped',
    file: () => ours.clearsigned(LIST, { shown: LIST.replaceAll(/^(?=.)/gm, '- ') }),
    expected: 'good',
  },
  { name: 'clearsigned, version 3', file: () => ours.clearsigned(LIST, { version: 3 }), expected: 'good' },
  { name: 'clearsigned, version 3, CR LF', file: () => crlf(ours.clearsigned(LIST, { version: 3 })), expected: 'good' },
  { name: 'clearsigned, version 4', file: () => ours.clearsigned(LIST), expected: 'good' },
  { name: 'clearsigned, over bytes', file: () => ours.clearsigned(LIST, { type: 'binary' }), expected: 'good' },
  {
    name: 'clearsigned, several hashes',
    file: () => ours.clearsigned(LIST, { headers: 'Hash: SHA512\nHash: SHA1, SHA256\n' }),
    expected: 'good',
  },
  {
    name: 'clearsigned, text before and behind',
    file: () => `${SWAPPED}${sign(LIST, '--clearsign').toString()}${SWAPPED}`,
    expected: 'good',
  },
  {
    name: 'clearsigned, spaces added',
    file: () => sign(LIST, '--clearsign').toString().replaceAll('.gz', '.gz \t'),
    expected: 'good',
  },
  {
    name: 'clearsigned, of another list under a good name',
    file: () => sign(LIST, '--clearsign'),
    list: SWAPPED,
    expected: 'bad',
  },
  {
    name: 'clearsigned, changed',
    file: () => sign(LIST, '--clearsign').toString().replace('aaaa', 'dddd'),
    expected: 'bad',
  },
  {
    name: 'clearsigned, version 3, changed',
    file: () => ours.clearsigned(LIST, { version: 3 }).replace('aaaa', 'dddd'),
    expected: 'bad',
  },
  {
    name: 'clearsigned, a line added',
    file: () => sign(LIST, '--clearsign').toString().replace('cccc', 'ffff  x\ncccc'),
    expected: 'bad',
  },
  { name: 'clearsigned, twice in a file', file: () => sign(LIST, '--clearsign').toString().repeat(2), expected: 'bad' },
  {
    name: 'clearsigned, with another list behind it',
    file: () => `${sign(LIST, '--clearsign').toString()}${sign(SWAPPED, '--clearsign').toString()}`,
    expected: 'bad',
  },
  {
    name: 'clearsigned, without Hash',
    file: () =>
      sign(LIST, '--clearsign')
        .toString()
        .replace(/^Hash:.*\n/m, ''),
    expected: 'bad',
  },
  {
    name: 'clearsigned, a list in the headers',
    file: () =>
      sign(LIST, '--clearsign')
        .toString()
        .replace(/^Hash:.*\n/m, `$&${LIST}`),
    expected: 'bad',
  },
  {
    name: 'clearsigned, a Comment in the headers',
    file: () =>
      sign(LIST, '--clearsign')
        .toString()
        .replace(/^Hash:.*\n/m, '$&Comment: x\n'),
    expected: 'bad',
  },
  { name: 'clearsigned, by a stranger too', file: () => byStranger.clearsigned, expected: 'bad' },
  { name: 'detached', file: () => sign(LIST, '--detach-sign'), list: LIST, expected: 'good' },
  { name: 'detached, armored', file: () => sign(LIST, '--armor', '--detach-sign'), list: LIST, expected: 'good' },
  {
    name: 'detached, armored, twice',
    file: () => sign(LIST, '--armor', '--detach-sign').toString().repeat(2),
    list: LIST,
    expected: 'good',
  },
  { name: 'detached, version 3', file: () => ours.detached(LIST, { version: 3 }), list: LIST, expected: 'good' },
  {
    name: 'detached, as text, CR LF in the list',
    file: () => sign(LIST, '--textmode', '--detach-sign'),
    list: crlf(LIST),
    expected: 'good',
  },
  { name: 'detached, CR LF in the list', file: () => sign(LIST, '--detach-sign'), list: crlf(LIST), expected: 'bad' },
  { name: 'detached, of another list', file: () => sign(LIST, '--detach-sign'), list: SWAPPED, expected: 'bad' },
  { name: 'detached, by a stranger too', file: () => byStranger.detached, list: LIST, expected: 'bad' },
];

/** What gpg takes and Signet does not, each for a reason. */
const STRICTER: readonly (Pick<Row, 'name' | 'file'> & { readonly code: string })[] = [
  {
    name: 'a dash not escaped: another reader could take the line for the frame',
    file: () => ours.clearsigned(`-x\n${LIST}`, { shown: `-x\n${escapeDashes(LIST)}` }),
    code: 'SignatureMalformed',
  },
  {
    name: 'SHA-1: two lists with one hash can be made',
    file: () => sign(LIST, '--digest-algo', 'SHA1', '--clearsign'),
    code: 'SignatureInvalid',
  },
  {
    name: 'clearsigned, cut in its end line: more was there',
    file: () =>
      sign(LIST, '--clearsign')
        .toString()
        .replace(/^-----END.*\n/m, ''),
    code: 'SignatureMalformed',
  },
  {
    name: 'inline, twice in a file: gpg reads the first',
    file: () => Buffer.concat([sign(LIST, '--sign'), sign(SWAPPED, '--sign')]),
    code: 'SignatureMalformed',
  },
  {
    name: 'inline, armored, twice in a file: gpg reads the first',
    file: () => Buffer.concat([sign(LIST, '--armor', '--sign'), sign(SWAPPED, '--armor', '--sign')]),
    code: 'SignatureUnsupported',
  },
];

const escapeDashes = (text: string): string => text.replaceAll(/^-/gm, '- -');

describe.skipIf(!hasGpg)('gpg agrees', () => {
  test.each(ROWS)('$name: $expected', async ({ file, list, expected }) => {
    const work = mkdtempSync(path.join(tmpdir(), 'signet-lists-'));
    try {
      const content = file();
      expect(content.length).toBeGreaterThan(0);
      const asked = path.join(work, 'list.gpg');
      writeFileSync(asked, content);
      if (list !== undefined) writeFileSync(path.join(work, 'list'), list);
      const report = await verifyListFile(
        { file: list === undefined ? asked : path.join(work, 'list'), signature: undefined },
        keyring,
        Math.floor(Date.now() / 1000),
      );
      expect(report.listed === undefined ? 'bad' : 'good').toBe(expected);
      expect(askGpg(asked, list)).toBe(expected);
      if (expected === 'good')
        expect(report.listed?.map(({ name }) => name)).toEqual(['one.tar.gz', '-two.tar.gz', 'three']);
      if (expected === 'good') expect(report.listed?.[0]?.hash).toBe('a'.repeat(64));
    } finally {
      rmSync(work, { recursive: true });
    }
  });

  test.each(STRICTER)('but for $name', async ({ file, code }) => {
    const work = mkdtempSync(path.join(tmpdir(), 'signet-lists-'));
    try {
      const asked = path.join(work, 'list.gpg');
      writeFileSync(asked, file());
      const now = Math.floor(Date.now() / 1000);
      const { listed, signatureFiles } = await verifyListFile({ file: asked, signature: undefined }, keyring, now);
      expect(listed).toBeUndefined();
      expect(signatureFiles[0]?.signatures[0]).toMatchObject({ valid: false, code });
      expect(askGpg(asked, undefined)).toBe('good');
    } finally {
      rmSync(work, { recursive: true });
    }
  });

  test('on what lines are that it escaped', () => {
    const text = `-x\n- y\n-----BEGIN PGP SIGNATURE-----\nFrom z\n\n${LIST}`;
    const clearsigned = sign(text, '--clearsign');
    expect(clearsigned.toString()).toContain('\n- -----BEGIN PGP SIGNATURE-----\n');
    const { signed } = evaluateSignedList(clearsigned, undefined, keyring, Math.floor(Date.now() / 1000));
    const read = Buffer.from(signed?.content ?? [])
      .toString()
      .replaceAll('\r\n', '\n');
    expect(`${read}\n`).toBe(gpg(['--output', '-', '--decrypt'], clearsigned).stdout.toString());
  });

  test('the gpg here makes the lists that it is said to make', () => {
    expect(gpg(['--list-packets'], sign(LIST, '--sign')).stdout.toString()).toContain(':compressed packet:');
  });
});

/** By its exit status; for a list beside one that is signed, what gpg gives out has to be that list. */
function askGpg(asked: string, list: string | undefined): 'good' | 'bad' {
  const packets = gpg(['--list-packets', asked]).stdout.toString();
  if (!packets.includes('literal data')) {
    return gpg(['--verify', asked, path.join(path.dirname(asked), 'list')]).status === 0 ? 'good' : 'bad';
  }
  const { status, stdout } = gpg(['--output', '-', '--decrypt', asked]);
  return status === 0 && (list === undefined || stdout.toString() === list) ? 'good' : 'bad';
}
