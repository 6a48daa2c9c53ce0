import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareNodeKeys } from '../../../lib/cluster/render/machine-config/machine-config-keys.ts';
import { toTrustManifest } from '../../../lib/cluster/render/trust.ts';
import { parsePolicyJson } from '../../../lib/trust/policy/parse-policy-json.ts';
import { selectCertificates, toTrustConfigMap } from '../../../lib/trust/publish/publisher-keys.ts';
import { writeArmor } from '../../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { KEY_CREATED, RELEASE_DIGEST, writePayload } from '../../fixtures/make/payload.ts';
import { makeRsaKey } from '../../fixtures/make/signing-key.ts';
import { keysOf, writeVersion6Certificate } from '../../fixtures/make/version-6-parts.ts';
import { findTool } from '../../support/tools.ts';
import { askNodeLibrary } from './ask-node-library.ts';

const library = findTool('node-library');
const operator = findTool('cluster-reader');
const gpg = findTool('gpg');

const release = makeRsaKey(2048, KEY_CREATED);
const auxiliary = makeRsaKey(2048, KEY_CREATED);
const [composite] = keysOf('mldsa87');
const [a, b] = [release, auxiliary].map((primary) => writeCertificate({ primary, userId: 'Signet today' }));
const six = writeVersion6Certificate(composite);
const armored = (...certificates: readonly (Uint8Array | undefined)[]): Buffer =>
  Buffer.from(
    writeArmor(Buffer.concat(certificates.map((one) => one ?? Buffer.alloc(0))), { type: 'PUBLIC KEY BLOCK' }),
  );
/** As Red Hat ships it: a block for each certificate, the one of version 6 last. */
const TODAY = Buffer.concat([armored(a), armored(b), armored(six)]);
const IDENTITY = 'registry.example/today:1';

let work = '';
const at = (name: string): string => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-version-6-'));
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2, digest: RELEASE_DIGEST },
    layers: [],
  });
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
  await mkdir(at('image'));
  await writeFile(at('image/version'), 'Directory Transport Version: 1.1\n');
  await writeFile(at('image/manifest.json'), manifest);
  const content = writePayload({ digest, reference: IDENTITY });
  await writeFile(at('image/signature-1'), writeRelease(signMessage(release, { content })));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const requirement = (keyPath: string): string =>
  JSON.stringify({
    default: [
      {
        type: 'signedBy',
        keyType: 'GPGKeys',
        keyPath,
        signedIdentity: { type: 'exactReference', dockerReference: IDENTITY },
      },
    ],
  });

/** The key file as render machineconfig writes it. */
async function render(keyFile: Uint8Array): Promise<Uint8Array> {
  const policy = parsePolicyJson('policy.json', requirement('/etc/keys/k'));
  const { keys } = await prepareNodeKeys(policy, new Map([['/etc/keys/k', keyFile]]));
  return keys.get('/etc/keys/k') ?? new Uint8Array();
}

const FILES: readonly [name: string, keyFile: Buffer, read: { readonly go: boolean; readonly gpg: boolean }][] = [
  ['the release key alone', armored(a), { go: true, gpg: true }],
  ['the file of today', TODAY, { go: true, gpg: true }],
  ['the release key behind a block of version 6', Buffer.concat([armored(six), armored(a)]), { go: false, gpg: false }],
  ['the release key before a block of version 6', Buffer.concat([armored(a), armored(six)]), { go: true, gpg: false }],
  ['both in one block', armored(a, six), { go: true, gpg: false }],
];

describe.skipIf(library === undefined)('the library of nodes, in Go alone', () => {
  const ask = async (keyFile: Uint8Array): Promise<boolean> => {
    await writeFile(at('k'), keyFile);
    await writeFile(at('policy.json'), requirement(at('k')));
    const { allowed } = await askNodeLibrary(library ?? '', {
      image: `dir:${at('image')}`,
      policyFile: at('policy.json'),
    });
    return allowed;
  };

  test.each(FILES)('%s: as it is, and as it is rendered', async (_, keyFile, { go }) => {
    expect(await ask(keyFile)).toBe(go);
    expect(await ask(await render(keyFile))).toBe(true);
  });
});

describe.skipIf(gpg === undefined)('GnuPG, which the library of nodes calls by gpgme', () => {
  /** Whether it can check a signature by the release key after it imported the file. */
  const hasKey = async (keyFile: Uint8Array): Promise<boolean> => {
    const home = await mkdtemp(at('gpg-'));
    await writeFile(at('k'), keyFile);
    spawnSync('gpg', ['--homedir', home, '--batch', '--import', at('k')], { stdio: 'ignore' });
    const listed = execFileSync('gpg', ['--homedir', home, '--batch', '--with-colons', '--list-keys'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return listed.includes(release.fingerprint);
  };

  test.each(FILES)('%s: as it is rendered', async (_, keyFile) => {
    expect(await hasKey(await render(keyFile))).toBe(true);
  });

  test.skipIf(!isGnupg22())('as they are, GnuPG 2.2 loses what is beside version 6', async () => {
    for (const [name, keyFile, read] of FILES) expect(await hasKey(keyFile), name).toBe(read.gpg);
  });
});

function isGnupg22(): boolean {
  const { stdout } = spawnSync('gpg', ['--version'], { encoding: 'utf8' });
  return stdout?.startsWith('gpg (GnuPG) 2.2.') ?? false;
}

describe.skipIf(operator === undefined)('library-go, with which operators read their trust', () => {
  /** `loads`: it answers that a digest is not signed by the keyring; else why it refuses the ConfigMap. */
  const load = async (configMap: string): Promise<string> => {
    await writeFile(at('trust.yaml'), configMap);
    const run = spawnSync(operator ?? '', [at('trust.yaml')], { input: `${RELEASE_DIGEST}\n`, encoding: 'utf8' });
    return run.status === 0 ? 'loads' : run.stderr;
  };
  const KEYRING = 'verifier-public-key-today';
  const STORES = [{ key: 'store-today', url: 'http://127.0.0.1:1/signatures' }];

  test('a certificate of version 6 in the same block takes the one before it away', async () => {
    const naive = toTrustConfigMap(KEYRING, armored(a, six).toString(), STORES);
    expect(await load(naive)).toContain('public key version');
  });

  test('what signet trust add and signet render trust write loads', async () => {
    const pinned = [release, composite].map(
      ({ fingerprint }) => ({ fingerprint, name: 'today', kept: 'always' }) as const,
    );
    const added = toTrustConfigMap(KEYRING, selectCertificates(TODAY, pinned).armored, STORES);
    expect(await load(added)).toBe('loads');
    const { configMap } = await toTrustManifest('ocp', [{ name: 'trust.yaml', bytes: Buffer.from(added) }]);
    expect(await load(JSON.stringify(configMap))).toBe('loads');
  });
});
