import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKeyFile } from '../../lib/crypto/openpgp/keys/key-file.ts';
import { writeArmor } from '../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../fixtures/make/message-writer.ts';
import { newPacket, PACKET } from '../fixtures/make/packet-writer.ts';
import { KEY_CREATED, RELEASE_DIGEST } from '../fixtures/make/payload.ts';
import { makeEd25519Key, makeRsaKey } from '../fixtures/make/signing-key.ts';
import { keysOf, writeVersion6Certificate } from '../fixtures/make/version-6-parts.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

const REAL = process.env['SIGNET_RELEASES'];
const REAL_FILE = path.join(REAL ?? '', 'keys/RPM-GPG-KEY-redhat10-release');
const RELEASE_2 = '567E347AD0044ADE55BA8A5F199E2F91FD431D51';
const AUXILIARY_3 = '7E4624258C406535D56D6F135054E4A45A6340B3';
const RELEASE_4 = 'FCD355B305707A62DA143AB6E422397E50FE8467A2A95343D246D6276AFEDF8F';

const release = makeRsaKey(2048, KEY_CREATED);
const auxiliary = makeRsaKey(2048, KEY_CREATED);
const [composite] = keysOf('mldsa87');
const ed25519 = makeEd25519Key('legacy', KEY_CREATED);
const certificate = (primary: typeof release) => writeCertificate({ primary, userId: 'Signet today' });
const armored = (bytes: Uint8Array): string => writeArmor(bytes, { type: 'PUBLIC KEY BLOCK' });
const unusable = newPacket(PACKET.publicKey, Buffer.from([7, 1, 2, 3]));

let work = '';
const at = (name: string): string => path.join(work, name);
const signet = (...args: readonly string[]): Promise<Run> => runSignet(args, { cwd: work });

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-today-'));
  const [a, b, c, d] = [
    certificate(release),
    certificate(auxiliary),
    writeVersion6Certificate(composite),
    certificate(ed25519),
  ];
  // As Red Hat ships it: a block for each certificate.
  await writeFile(at('today.asc'), [a, b, c].map(armored).join(''));
  await writeFile(at('other-order.gpg'), Buffer.concat([unusable, c, b, a]));
  await writeFile(at('composite.asc'), armored(c));
  await writeFile(at('ed25519.asc'), armored(Buffer.concat([a, d])));
  await writeFile(at('by-release'), writeRelease(signMessage(release)));
  await writeFile(at('by-composite'), writeRelease(signMessage(composite)));
  await mkdir(at('root/etc/pki'), { recursive: true });
  await writeFile(at('root/etc/pki/today'), [a, b, c].map(armored).join(''));
  await writeFile(at('root/etc/pki/composite'), armored(c));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const addArgs = (from: string, to: string): readonly string[] => [
  'trust',
  'add',
  'acme',
  '--trust',
  to,
  '--profile',
  'ocp',
  '--from',
  from,
  '--store',
  'https://s.example/x',
  '--fingerprint',
  release.fingerprint,
  '--fingerprint',
  composite.fingerprint,
];

describe('signet trust add', () => {
  test.each(['today.asc', 'other-order.gpg'])('%s: both keys are kept, the auxiliary one is named', async (from) => {
    const to = at(`trust-${from}`);
    const added = await signet(...addArgs(from, to), '-o', 'json');
    expect([added.status, added.stderr]).toEqual([0, '']);
    const { kept, leftOut } = JSON.parse(added.stdout) as { kept: string[]; leftOut: string[] };
    expect(new Set(kept)).toEqual(new Set([release.fingerprint, composite.fingerprint]));
    expect(leftOut).toEqual([auxiliary.fingerprint, ...(from === 'today.asc' ? [] : ['certificate of version 7'])]);
    const text = await readFile(path.join(to, 'ocp/release-verification.yaml'), 'utf8');
    // Clusters read the first block alone: the key that they know is in it, and nothing that would spoil it.
    const first = text.slice(text.indexOf('-----BEGIN'), text.indexOf('-----END')).replaceAll(/^ +/gm, '');
    const { certificates } = readKeyFile(Buffer.from(`${first}-----END PGP PUBLIC KEY BLOCK-----\n`));
    expect(certificates.map(({ packets }) => packets.primary.fingerprint)).toEqual([release.fingerprint]);
    const verified = await signet('trust', 'show', '--trust', to);
    expect(verified.stdout).toContain(`${composite.fingerprint}  may sign`);
  });

  test('a fingerprint that the file lacks is named, with what it holds', async () => {
    const added = await signet(...addArgs('composite.asc', at('refused')));
    expect(added.status).toBe(2);
    expect(added.stderr).toContain(`lacks ${release.fingerprint}; it holds ${composite.fingerprint}`);
  });

  test.skipIf(REAL === undefined)('redhat from the file of RHEL 10', async () => {
    const to = at('redhat');
    const added = await signet('trust', 'add', 'redhat', '--from', REAL_FILE, '--trust', to);
    expect([added.status, added.stderr]).toEqual([0, '']);
    expect(added.stdout.split('\n').slice(1, 4)).toEqual([
      `  kept      ${RELEASE_2}  Red Hat, Inc. (release key 2)`,
      `  kept      ${RELEASE_4}  Red Hat, Inc. (release key 4)`,
      `  left out  ${AUXILIARY_3}  Red Hat, Inc. (auxiliary key 3)`,
    ]);
    const shown = await signet('trust', 'show', '--trust', to, '-o', 'json');
    const { keyrings } = JSON.parse(shown.stdout) as {
      keyrings: { certificates: { fingerprint: string; userIds: string[] }[] }[];
    };
    expect(keyrings.map(({ certificates }) => certificates.map(({ fingerprint }) => fingerprint))).toEqual([
      [RELEASE_2, RELEASE_4],
    ]);
    expect(keyrings[0]?.certificates[1]?.userIds).toEqual(['Red Hat, Inc. (release key 4) <security@redhat.com>']);
  });

  test.skipIf(REAL === undefined)('redhat from trust that was published before key 4', async () => {
    const before = path.join(REAL ?? '', 'trust/ocp/release-verification.yaml');
    const text =
      /(-----BEGIN PGP[\s\S]*?END PGP PUBLIC KEY BLOCK-----)/.exec(await readFile(before, 'utf8'))?.[1] ?? '';
    await writeFile(at('before.asc'), `${text.replaceAll(/^ +/gm, '')}\n`);
    const added = await signet('trust', 'add', 'redhat', '--from', 'before.asc', '--trust', at('redhat-before'));
    expect([added.status, added.stderr]).toEqual([0, '']);
    expect(added.stdout).toContain(`  not there ${RELEASE_4}`);
  });
});

describe('verification with a file of today', () => {
  test.each([
    ['by-release', 0, `signer  ${release.fingerprint}`],
    ['by-composite', 0, 'note    current cluster-version operators and nodes cannot read OpenPGP version 6'],
  ])('signature verify %s', async (message, status, said) => {
    const run = await signet('signature', 'verify', message, '--keyring', 'today.asc', '--digest', RELEASE_DIGEST);
    expect([run.status, run.stderr]).toEqual([status, '']);
    expect(run.stdout).toContain(said);
  });

  test('a certificate that cannot be used is named on standard error', async () => {
    const run = await signet('signature', 'verify', 'by-release', '--keyring', 'other-order.gpg');
    expect(run.status).toBe(0);
    expect(run.stderr).toContain('certificate of version 7 cannot be used and counts for nothing');
  });

  test('prepared trust holds both keys', async () => {
    const to = at('prepared');
    await signet(...addArgs('today.asc', to));
    await signet('trust', 'publish', '--trust', to, '--to', at('published'));
    const published = await readdir(at('published'), { recursive: true });
    const prepared = path.join('published', published.find((file) => /prepared.*\.json$/.test(file)) ?? '');
    for (const message of ['by-release', 'by-composite']) {
      const run = await signet('signature', 'verify', message, '--prepared', prepared);
      expect([run.status, run.stderr]).toEqual([0, '']);
    }
  });
});

describe('what is rendered for clusters', () => {
  test('render trust: what the operator loads, and what is left out', async () => {
    const to = at('rendered');
    await signet(...addArgs('today.asc', to));
    const run = await signet('render', 'trust', '--trust', to);
    expect(run.status).toBe(0);
    expect(run.stderr).toContain(
      `left out certificate ${composite.fingerprint}: cluster-version operators read no OpenPGP version 6`,
    );
    const blocks = run.stdout.match(/-----BEGIN PGP/g);
    expect(blocks).toHaveLength(1);
  });

  const naming = (...keyPaths: readonly string[]): string =>
    JSON.stringify({
      default: [{ type: 'insecureAcceptAnything' }],
      transports: { docker: { 'a.example/x': [{ type: 'signedBy', keyType: 'GPGKeys', keyPaths }] } },
    });
  const render = async (policy: string): Promise<Run> => {
    await writeFile(at('policy.json'), policy);
    return await signet('render', 'machineconfig', '--policy', 'policy.json', '--root', 'root', '-o', 'json');
  };
  const fileOf = (stdout: string, name: string): Buffer => {
    const manifests = JSON.parse(stdout) as {
      items: { spec: { config: { storage: { files: { path: string; contents: { source: string } }[] } } } }[];
    };
    const file = manifests.items[0]?.spec.config.storage.files.find((one) => one.path === name);
    return Buffer.from(file?.contents.source.split('base64,')[1] ?? '', 'base64');
  };

  test('render machineconfig: what nodes read, in one block', async () => {
    const run = await render(naming('/etc/pki/today'));
    expect(run.status).toBe(0);
    expect(run.stderr).toContain(`/etc/pki/today: left out certificate ${composite.fingerprint}: GnuPG`);
    const { certificates } = readKeyFile(fileOf(run.stdout, '/etc/pki/today'));
    expect(certificates.map(({ packets, armorBlock }) => [packets.primary.fingerprint, armorBlock])).toEqual([
      [release.fingerprint, 0],
      [auxiliary.fingerprint, 0],
    ]);
  });

  test('render machineconfig: a file of which nodes read nothing is refused, unless there is another', async () => {
    const alone = await render(naming('/etc/pki/composite'));
    expect([alone.status, alone.stdout]).toEqual([2, '']);
    expect(alone.stderr).toContain('/etc/pki/composite: nodes read no certificate in it');
    const beside = await render(naming('/etc/pki/composite', '/etc/pki/today'));
    expect(beside.status).toBe(0);
    expect(beside.stderr).toContain('/etc/pki/composite: nodes read no certificate in it');
    expect(fileOf(beside.stdout, '/etc/pki/composite')).toEqual(await readFile(at('root/etc/pki/composite')));
  });
});
