import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIXTURE_RELEASES, FIXTURE_STORE, FIXTURE_TRUST } from '../support/fixture-releases.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const ANY_TEXT: unknown = expect.any(String);

function signet(...args: readonly string[]): Promise<Run> {
  return runSignet(['bundle', ...args], { cwd: work });
}

const TRUST = ['--trust', FIXTURE_TRUST];
const FROM = ['--from', FIXTURE_RELEASES, ...TRUST];

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-bundle-'));
  await signet('create', 'good.tar.gz', ...FROM);
  const bundle = await readFile(path.join(work, 'good.tar.gz'));
  await writeFile(path.join(work, 'cut.tar.gz'), bundle.subarray(0, 2000));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

describe('signet bundle create', () => {
  test('says what went in and what was left out, and makes the same bytes again', async () => {
    const { status, stdout, stderr } = await signet('create', 'again.tar.gz', ...FROM);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^created {2}again\.tar\.gz\n {2}signatures {2}3 of 3 digests\n {2}ConfigMaps {2}1\n/);
    expect(stdout).toMatch(/left out .*\n {4}KeyUnknown {2}verifier-public-key-fixture: /);
    const [first, second] = await Promise.all(
      ['good.tar.gz', 'again.tar.gz'].map((name) => readFile(path.join(work, name))),
    );
    expect(second).toEqual(first);
  });

  test('--since leaves out what an earlier one holds', async () => {
    const { status, stdout } = await signet('create', 'next.tar.gz', ...FROM, '--since', 'good.tar.gz', '-o', 'json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file: 'next.tar.gz', signatures: 0, heldEarlier: 3, files: 2 });
  });

  test.each<[string, readonly string[], string]>([
    ['no mirror', ['x.tar.gz', '--from', 'nowhere', ...TRUST], 'nowhere is not a directory: nothing is there'],
    ['no folder', ['no/x.tar.gz', ...FROM], 'cannot write no/x.tar.gz: no such file or directory'],
    ['no earlier bundle', ['x.tar.gz', ...FROM, '--since', 'cut.tar.gz'], 'cut.tar.gz is no earlier bundle: '],
    ['no profile', ['x.tar.gz', ...FROM, '--profile', 'okd'], 'there is no profile "okd"'],
  ])('exits 2 where there is %s, and leaves nothing', async (_, args, says) => {
    const before = await readdir(work);
    const { status, stdout, stderr } = await signet('create', ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`signet: ${says}`);
    expect(await readdir(work)).toEqual(before);
  });
});

describe('signet bundle inspect', () => {
  test('lists, and verifies when told by what', async () => {
    const plain = await signet('inspect', 'good.tar.gz');
    expect([plain.status, plain.stdout.split('\n')[0]]).toEqual([0, 'intact  good.tar.gz']);
    expect(plain.stdout).toContain('verified    nothing: name the trust documents of this site with --trust');
    const { status, stdout } = await signet('inspect', 'good.tar.gz', ...TRUST);
    expect(status).toBe(0);
    expect(stdout).toContain('verified    6 signatures, those in ConfigMaps included');
    expect(stdout.match(/ {2}holds {7}sha256:[0-9a-f]{64} {2}1/g)).toHaveLength(3);
  });

  test('exits 2 for what cannot be read, and names the file inside', async () => {
    const { status, stdout } = await signet('inspect', 'cut.tar.gz', '-o', 'json');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'unreadable',
      faults: [{ code: 'Truncated', path: ANY_TEXT }],
    });
    expect((await signet('inspect', 'nowhere')).status).toBe(2);
    expect((await signet('inspect', 'good.tar.gz', '--profile', 'ocp')).stderr).toMatch(
      /^signet: --profile needs --trust/,
    );
  });

  test('exits 1 when signatures do not verify by the trust of this side', async () => {
    const trust = await makeOtherTrust();
    const { status, stdout } = await signet('inspect', 'good.tar.gz', '--trust', trust);
    expect([status, stdout.split('\n')[0]]).toEqual([1, 'refused  good.tar.gz']);
    expect(stdout).toMatch(
      /failed {6}signatures\/sha256=\S+ {2}sha256:\S+\n {4}KeyUnknown {2}ocp, verifier-public-key-/,
    );
  });
});

describe('signet bundle import', () => {
  test('into a directory, twice', async () => {
    const first = await signet('import', 'good.tar.gz', '--to', 'site', ...TRUST);
    expect(first).toEqual({
      status: 0,
      stderr: '',
      stdout:
        'imported  good.tar.gz\n  verified    3 of 3 signatures, by trust of this side, ocp\n  written     3 to directory site; 0 were there\n',
    });
    const { status, stdout } = await signet('import', 'good.tar.gz', '--to', 'site', ...TRUST, '-o', 'json');
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ outcome: 'imported', written: 0, held: 3 }),
    ]);
    expect(await readdir(path.join(work, 'site'))).toEqual(['signatures']);
  });

  test('of a directory that another tool made: all or, when told, the rest', async () => {
    const refused = await signet('import', FIXTURE_STORE, '--to', 'foreign', ...TRUST);
    expect([refused.status, refused.stdout.split('\n')[1]]).toEqual([1, '  unchanged   directory foreign']);
    await expect(readdir(path.join(work, 'foreign'))).rejects.toThrow('ENOENT');
    const { status, stdout } = await signet('import', FIXTURE_STORE, '--to', 'foreign', ...TRUST, '--skip-unverified');
    expect([status, stdout.split('\n')[0]]).toEqual([1, `partial  ${FIXTURE_STORE}`]);
    expect(stdout).toContain('written     3 to directory foreign; 0 were there');
  });

  test('by the trust in the bundle it is done, and said loudly', async () => {
    const { status, stdout, stderr } = await signet('import', 'good.tar.gz', '--to', 'believed', '--use-bundle-trust');
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/^signet: WARNING: verifying by the trust in the bundle itself/),
    ]);
    expect(stdout).toContain('WHICH PROVES NOTHING about who made it');
  });

  test.each<[string, readonly string[], string]>([
    ['no trust', ['good.tar.gz', '--to', 'x'], 'name the trust documents of this site with --trust'],
    ['both trusts', ['good.tar.gz', '--to', 'x', ...TRUST, '--use-bundle-trust'], 'cannot be used with option'],
    ['no destination', ['good.tar.gz', ...TRUST], 'name the destination with --to, --to-registry or both'],
    [
      'a destination that is none',
      ['good.tar.gz', '--to', 'ftp://host/x', ...TRUST],
      'neither s3://bucket nor a directory',
    ],
    ['no source', ['nowhere', '--to', 'x', ...TRUST], 'cannot read nowhere'],
  ])('%s is a wrong call', async (_, args, says) => {
    const { status, stderr } = await signet('import', ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(says);
  });

  test('a bundle that is cut exits 2 and changes nothing', async () => {
    const { status, stdout } = await signet('import', 'cut.tar.gz', '--to', 'x', ...TRUST);
    expect([status, stdout.split('\n').slice(0, 2)]).toEqual([
      2,
      ['unreadable  cut.tar.gz', '  unchanged   directory x'],
    ]);
    expect(stdout).toMatch(/fault {7}Truncated {2}\S+: the archive ends too early/);
    await expect(readdir(path.join(work, 'x'))).rejects.toThrow('ENOENT');
  });
});

/** Trust of the same form, with another key. */
async function makeOtherTrust(): Promise<string> {
  const directory = path.join(work, 'other-trust', 'ocp');
  await mkdir(directory, { recursive: true });
  const key = await readFile(path.join(ROOT, 'test/fixtures/openpgp/keys/ed25519.asc'), 'utf8');
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace: 'openshift-config-managed',
      name: 'release-verification',
      annotations: { 'release.openshift.io/verification-config-map': '' },
    },
    data: { 'store-x': 'https://signatures.fixture.invalid/signatures', 'verifier-public-key-other': key },
  };
  await writeFile(path.join(directory, 'trust.json'), JSON.stringify(configMap));
  return path.dirname(directory);
}
