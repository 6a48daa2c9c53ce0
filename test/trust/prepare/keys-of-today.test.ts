import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { decodeArmoredKeys } from '../../../lib/crypto/openpgp/packets/armor.ts';
import { prepareCheck } from '../../../lib/trust/policy/prepare-check.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { parsePreparedTrust } from '../../../lib/trust/prepared/parse-prepared-trust.ts';
import type { TrustDocument } from '../../../lib/trust/prepared/trust-document.ts';
import { toReadyPolicy } from '../../../lib/trust/source/ready-policy.ts';
import { writeArmor } from '../../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { newPacket, PACKET } from '../../fixtures/make/packet-writer.ts';
import { KEY_CREATED } from '../../fixtures/make/payload.ts';
import { makeRsaKey } from '../../fixtures/make/signing-key.ts';
import { keysOf, writeVersion6Certificate } from '../../fixtures/make/version-6-parts.ts';
import { file, TRUST_DATA, trustConfigMap } from '../sample-documents.ts';

const REAL = process.env['SIGNET_RELEASES'];
const release = makeRsaKey(2048, KEY_CREATED);
const [composite] = keysOf('mldsa87');
const unusable = newPacket(PACKET.publicKey, Buffer.from([7, 1, 2, 3]));
const mixed = Buffer.concat([
  unusable,
  writeVersion6Certificate(composite),
  writeCertificate({ primary: release, userId: 'Signet today' }),
]);
const armored = (bytes: Uint8Array): string => writeArmor(bytes, { type: 'PUBLIC KEY BLOCK' });
const configMap = (keys: Uint8Array): TrustDocument =>
  file('trust.yaml', trustConfigMap({ data: { ...TRUST_DATA, 'verifier-public-key-a': armored(keys) } }));
const policy = (requirement: object): TrustDocument =>
  file('policy.json', JSON.stringify({ default: [{ type: 'signedBy', keyType: 'GPGKeys', ...requirement }] }));

const NAMED = 'certificate of version 7 cannot be used and counts for nothing: version 7 keys are not supported';

describe('a profile whose keys cannot all be used', () => {
  test.each<[string, readonly TrustDocument[]]>([
    ['in a trust ConfigMap', [configMap(mixed)]],
    [
      'at a keyPath of policy.json',
      [
        configMap(writeVersion6Certificate(composite)),
        policy({ keyPath: '/etc/k/mixed' }),
        { name: 'keys/mixed', bytes: mixed },
      ],
    ],
    [
      'in keyData of policy.json',
      [configMap(writeVersion6Certificate(composite)), policy({ keyData: mixed.toString('base64') })],
    ],
  ])('%s: it loads, names them, and is read back', async (_, documents) => {
    const trust = await prepareTrust('ocp', documents);
    expect(trust.warnings.join('\n')).toContain(NAMED);
    expect(parsePreparedTrust('prepared', Buffer.from(JSON.stringify(trust)))).toEqual(trust);
  });

  test('a keyring without one usable certificate is refused', async () => {
    await expect(prepareTrust('ocp', [configMap(unusable)])).rejects.toMatchObject({ code: 'KeyUnreadable' });
  });

  test('a requirement without one cannot be met, and beside another file its requirement can', async () => {
    const alone = { keyPath: '/etc/k/unusable' };
    const beside = { keyPaths: ['/etc/k/unusable', '/etc/k/mixed'] };
    const files = ['unusable', 'mixed'].map((name) => ({
      name: `keys/${name}`,
      bytes: name === 'mixed' ? mixed : unusable,
    }));
    const unmeetable =
      /no certificate in it can be used: certificate of version 7.*no image that it covers can be accepted/;
    for (const [requirement, isMet] of [
      [alone, false],
      [beside, true],
    ] as const) {
      const prepared = await prepareTrust('ocp', [configMap(mixed), policy(requirement), ...files]);
      const trust = parsePreparedTrust('prepared', Buffer.from(JSON.stringify(prepared)));
      expect(trust.warnings.join('\n')).toContain(NAMED);
      expect(unmeetable.test(trust.warnings.join('\n'))).toBe(!isMet);
      const [configured] = trust.imagePolicies;
      const ready = configured && toReadyPolicy(trust, configured);
      const checks = ready?.policy.default.map((each) => prepareCheck(each, ready.material)?.kind);
      expect(checks).toEqual([isMet ? 'openpgp' : 'unmeetable']);
    }
  });

  test('what nodes make of such a file is said of a policy', async () => {
    const trust = await prepareTrust('ocp', [configMap(mixed), policy({ keyData: mixed.toString('base64') })]);
    expect(trust.warnings.join('\n')).toContain('GnuPG loses certificates beside them');
  });
});

describe.skipIf(REAL === undefined)('Red Hat’s release key 4', () => {
  const name = path.join(REAL ?? '', 'keys/RPM-GPG-KEY-redhat9-PQC-release');
  const read = (): Buffer => Buffer.from(decodeArmoredKeys(readFileSync(name, 'latin1'))[0] ?? []);
  /** Offsets in the signature values of its direct-key signature and of the one on its user ID, from each end. */
  const DIRECT_END = 7508;
  const flip = (bytes: Buffer, at: number): Buffer => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  const prepare = async (bytes: Buffer) => (await prepareKeyring('k', bytes)).keyring.certificates[0];

  test('is good by both of its signatures', async () => {
    const certificate = await prepare(read());
    expect(certificate?.userIds).toEqual(['Red Hat, Inc. (release key 4) <security@redhat.com>']);
    expect(certificate?.keys.map(({ notForSigning, algorithm }) => [notForSigning, algorithm])).toEqual([
      [undefined, 31],
    ]);
  });

  test.each([
    ['ML-DSA half of the direct-key signature', DIRECT_END - 10, 'no valid direct-key signature'],
    ['Ed448 half of the direct-key signature', DIRECT_END - 4627 - 10, 'no valid direct-key signature'],
  ])('is not without the %s', async (_, at, why) => {
    expect((await prepare(flip(read(), at)))?.keys[0]?.notForSigning).toContain(why);
  });

  test.each([
    ['ML-DSA', 10],
    ['Ed448', 4627 + 10],
  ])('has no name without the %s half on its user ID', async (_, fromEnd) => {
    const bytes = read();
    expect((await prepare(flip(bytes, bytes.length - fromEnd)))?.userIds).toEqual([]);
  });
});
