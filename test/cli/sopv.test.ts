import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { MAX_DOCUMENT_BYTES } from '../../lib/crypto/openpgp/messages/signed-document.ts';
import { type ListSigner, makeListSigner } from '../artifact/checksums/list-signer.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

const DATA = 'one\ntwo\n';
const LINE = (fingerprint: string, mode = 'binary'): string =>
  `2025-01-15T00:00:00Z ${fingerprint} ${fingerprint} mode:${mode}\n`;

let work = '';
let signers: Record<'signer' | 'other' | 'expired' | 'revoked', ListSigner>;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-sopv-'));
  signers = {
    signer: await makeListSigner('signer'),
    other: await makeListSigner('other'),
    expired: await makeListSigner('expired', { selfSignatures: [{ lifetime: 86_400 }] }),
    revoked: await makeListSigner('revoked', { revocation: { revokedAt: 1_750_000_000, reason: 1 } }),
  };
  const { signer, other, expired, revoked } = signers;
  const files: Record<string, string | Buffer> = {
    'good.sig': signer.detached(DATA),
    'text.sig': signer.detached('one\r\ntwo\r\n', { type: 'text' }),
    'mixed.sig': Buffer.concat([other.detached('other'), signer.detached(DATA), expired.detached(DATA)]),
    'expired.sig': expired.detached(DATA),
    'revoked.sig': revoked.detached(DATA),
    junk: 'hello',
    empty: '',
  };
  for (const [name, one] of Object.entries(signers)) files[`${name}.pgp`] = one.certificate;
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(work, name), content);
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const at = (): ListSigner => signers.signer;

async function sopv(
  args: readonly string[],
  data: string | Uint8Array | Readable = DATA,
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const stdin = data instanceof Readable ? data : Readable.from([Buffer.from(data)]);
  const spy = vi.spyOn(process, 'stdin', 'get').mockReturnValue(stdin as typeof process.stdin);
  try {
    return await runSignet(['sopv', ...args], { cwd: work, env });
  } finally {
    spy.mockRestore();
  }
}

describe('signet sopv verify', () => {
  test.each<[string, readonly string[], number]>([
    ['a valid signature', ['good.sig', 'signer.pgp'], 0],
    ['after --', ['--', 'good.sig', 'signer.pgp'], 0],
    ['with several certificates', ['good.sig', 'other.pgp', 'signer.pgp'], 0],
    ['a good one among bad ones', ['mixed.sig', 'signer.pgp', 'other.pgp', 'expired.pgp'], 0],
    ['another certificate', ['good.sig', 'other.pgp'], 3],
    ['a signature after the end of its key', ['expired.sig', 'expired.pgp'], 3],
    ['a revoked key', ['revoked.sig', 'revoked.pgp'], 3],
    ['made after the range', ['--not-after=2025-01-14T23:59:59Z', 'good.sig', 'signer.pgp'], 3],
    ['made at its end', ['--not-after=2025-01-15T01:00:00+01:00', 'good.sig', 'signer.pgp'], 0],
    ['made before it', ['--not-before=2025-01-15T00:00:01Z', 'good.sig', 'signer.pgp'], 3],
    ['made at its start', ['--not-before', '2025-01-15', '--not-after', '-', 'good.sig', 'signer.pgp'], 0],
    ['made before now', ['--not-before=now', 'good.sig', 'signer.pgp'], 3],
    ['in an open range', ['--not-before=-', '--not-after=now', 'good.sig', 'signer.pgp'], 0],
    ['a date that is none', ['--not-after=2025-02-30', 'good.sig', 'signer.pgp'], 1],
    ['a time without a zone', ['--not-after=2025-02-03T10:00:00', 'good.sig', 'signer.pgp'], 1],
    ['no certificate', ['good.sig'], 19],
    ['nothing', [], 19],
    ['an option without its value', ['good.sig', 'signer.pgp', '--not-after'], 19],
    ['an unknown option', ['--trust=x', 'good.sig', 'signer.pgp'], 37],
    ['an option of Signet’s other commands', ['--timeout=1s', 'good.sig', 'signer.pgp'], 37],
    ['no signatures in the file', ['empty', 'signer.pgp'], 41],
    ['a text for signatures', ['junk', 'signer.pgp'], 41],
    ['a text for a certificate', ['good.sig', 'junk'], 41],
    ['a certificate for signatures', ['signer.pgp', 'signer.pgp'], 41],
    ['a missing file', ['nowhere', 'signer.pgp'], 61],
    ['a missing certificate', ['good.sig', 'signer.pgp', 'nowhere'], 61],
    ['an unset variable', ['@ENV:NOWHERE', 'signer.pgp'], 61],
    ['a descriptor that is not open', ['@FD:987654', 'signer.pgp'], 61],
    ['an unknown designator', ['@HARDWARE:x', 'signer.pgp'], 71],
    ['a descriptor that is no number', ['@FD:0x1', 'signer.pgp'], 71],
  ])('%s', async (_, args, status) => {
    const run = await sopv(['verify', ...args]);
    expect([run.status, run.stdout]).toEqual([status, status === 0 ? LINE(at().fingerprint) : '']);
    if (status === 0) expect(run.stderr).toBe('');
    else expect(run.stderr).not.toBe('');
  });

  test('lines of text have their own mode', async () => {
    const run = await sopv(['verify', 'text.sig', 'signer.pgp']);
    expect([run.status, run.stdout]).toEqual([0, LINE(at().fingerprint, 'text')]);
  });

  test('other data has no valid signature, and --debug says of each why', async () => {
    const run = await sopv(['verify', 'mixed.sig', 'signer.pgp', 'other.pgp'], 'other');
    expect([run.status, run.stdout]).toEqual([0, LINE(signers.other.fingerprint)]);
    const debugged = await sopv(['--debug', 'verify', 'mixed.sig', 'signer.pgp', 'other.pgp'], 'other');
    expect(debugged.stderr).toMatch(
      /^signet: signature 2: SignatureInvalid: .*\nsignet: signature 3: KeyUnknown: .*\n$/,
    );
    expect(await sopv(['verify', 'good.sig', 'signer.pgp'], 'other')).toMatchObject({ status: 3, stdout: '' });
  });

  test('data is streamed: more of it than memory is', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const before = process.memoryUsage().rss;
    let most = 0;
    const run = await sopv(
      ['verify', 'good.sig', 'signer.pgp'],
      Readable.from(
        (function* () {
          for (let count = 0; count < 256; count++) {
            most = Math.max(most, process.memoryUsage().rss - before);
            yield piece;
          }
        })(),
      ),
    );
    expect(run.status).toBe(3);
    expect(most).toBeLessThan(128 * 1024 * 1024);
  });

  test('a variable and a descriptor stand in for files', async () => {
    const clearsigned = at().clearsigned('x');
    const armored = clearsigned.slice(clearsigned.indexOf('-----BEGIN PGP SIGNATURE'));
    const handle = await open(path.join(work, 'signer.pgp'));
    try {
      const run = await sopv(['verify', '@ENV:SIG', `@FD:${handle.fd}`], 'x', { SIG: armored });
      expect([run.status, run.stdout]).toEqual([0, LINE(at().fingerprint, 'text')]);
    } finally {
      await handle.close();
    }
    await writeFile(path.join(work, '@ENV:SIG'), '');
    expect(await sopv(['verify', '@ENV:SIG', 'signer.pgp'], 'x', { SIG: armored })).toMatchObject({ status: 73 });
    await rm(path.join(work, '@ENV:SIG'));
  });

  test('settings of Signet decide nothing, even where they cannot be read', async () => {
    await writeFile(path.join(work, 'signet.yaml'), 'timeout: [');
    const run = await sopv(['verify', 'good.sig', 'signer.pgp'], DATA, {
      SIGNET_TIMEOUT: '1ms',
      SIGNET_OUTPUT: 'json',
    });
    await rm(path.join(work, 'signet.yaml'));
    expect([run.status, run.stdout]).toEqual([0, LINE(at().fingerprint)]);
  });
});

describe('signet sopv inline-verify', () => {
  test('prints the content, and the verifications into a new file', async () => {
    const run = await sopv(['inline-verify', '--verifications-out=made', 'signer.pgp'], at().inline(DATA));
    expect([run.status, run.stdout]).toEqual([0, DATA]);
    expect(await readFile(path.join(work, 'made'), 'utf8')).toBe(LINE(at().fingerprint));
    const again = await sopv(['inline-verify', '--verifications-out=made', 'signer.pgp'], at().inline(DATA));
    expect([again.status, again.stdout]).toEqual([59, '']);
  });

  test('writes the verifications to a descriptor', async () => {
    const handle = await open(path.join(work, 'lines'), 'w');
    const run = await sopv(['inline-verify', `--verifications-out=@FD:${handle.fd}`, 'signer.pgp'], at().inline(DATA));
    await handle.close();
    expect([run.status, await readFile(path.join(work, 'lines'), 'utf8')]).toEqual([0, LINE(at().fingerprint)]);
  });

  test('a clearsigned text', async () => {
    const run = await sopv(['inline-verify', 'signer.pgp'], at().clearsigned(DATA));
    expect([run.status, run.stdout]).toEqual([0, DATA]);
  });

  test.each<[string, readonly string[], () => string | Uint8Array, number]>([
    ['another certificate', ['other.pgp'], () => at().inline(DATA), 3],
    ['a revoked key', ['revoked.pgp'], () => signers.revoked.inline(DATA), 3],
    ['a text that nobody signed', ['signer.pgp'], () => at().clearsigned(DATA, { shown: 'one\ntoo\n' }), 3],
    ['no OpenPGP data', ['signer.pgp'], () => DATA, 41],
    ['a detached signature', ['signer.pgp'], () => at().detached(DATA), 41],
    ['too much', ['signer.pgp'], () => Buffer.alloc(MAX_DOCUMENT_BYTES + 1), 41],
    ['no certificate', [], () => at().inline(DATA), 19],
    ['a variable to write to', ['--verifications-out=@ENV:X', 'signer.pgp'], () => at().inline(DATA), 71],
    ['a folder that is not there', ['--verifications-out=no/where', 'signer.pgp'], () => at().inline(DATA), 1],
  ])('prints nothing for %s', async (_, args, data, status) => {
    const run = await sopv(['inline-verify', ...args], data());
    expect([run.status, run.stdout]).toEqual([status, '']);
    expect(run.stderr).not.toBe('');
  });

  test('no file of verifications is left where nothing is valid', async () => {
    await sopv(['inline-verify', '--verifications-out=unmade', 'other.pgp'], at().inline(DATA));
    await expect(readFile(path.join(work, 'unmade'))).rejects.toThrow('ENOENT');
  });
});

describe('signet sopv', () => {
  test.each<[string, readonly string[], number, RegExp]>([
    ['version', ['version'], 0, /^signet \d+\.\d+\.\d+\n$/],
    ['its library', ['version', '--backend'], 0, /^OpenSSL \d+\.\d+\.\d+\n$/],
    ['more', ['version', '--extended'], 0, /^signet \d+\.\d+\.\d+\nOpenSSL /],
    ['the draft', ['version', '--sop-spec'], 0, /^~draft-dkg-openpgp-stateless-cli-\d+\n$/],
    ['the subset', ['version', '--sopv'], 0, /^1\.0\n$/],
    ['two at once', ['version', '--backend', '--sopv'], 83, /^$/],
    ['an option that is none', ['version', '--frontend'], 37, /^$/],
    ['a command that is none', ['sign'], 69, /^$/],
    ['no command', [], 69, /^$/],
    ['help', ['--help'], 0, /Stateless OpenPGP interface/],
  ])('%s', async (_, args, status, stdout) => {
    const run = await sopv(args);
    expect([run.status, stdout.test(run.stdout)]).toEqual([status, true]);
  });
});
