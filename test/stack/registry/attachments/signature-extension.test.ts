import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRegistryImages } from '../../../../cli/open/images.ts';
import { readPolicyKeys } from '../../../../cli/open/keys.ts';
import { readPolicyFile } from '../../../../cli/open/node-policy.ts';
import { parseDockerReference } from '../../../../lib/base/names/docker-reference.ts';
import { decideByPolicy } from '../../../../lib/verdict/decide/decide-by-policy.ts';
import { pushBlob, pushManifest } from '../../../registry/client/push-content.ts';
import { OCI_MANIFEST, toDigest } from '../../../registry/client/registry-setup.ts';
import { type StartedRegistry, startReferrersRegistry } from '../../../registry/client/start-referrers-registry.ts';
import { runSignet } from '../../../support/run-signet.ts';
import { findTool } from '../../../support/tools.ts';
import { profile } from '../../../trust/sample-documents.ts';
import { askNodeLibrary } from '../../node-library/ask-node-library.ts';

const run = promisify(execFile);
const program = findTool('referrers-registry');
const skopeo = findTool('skopeo');
const gpg = findTool('gpg');
const nodes = findTool('node-library');
const isHere = program !== undefined && skopeo !== undefined && gpg !== undefined;

describe.skipIf(!isHere)('signatures that skopeo put by the signature extension', () => {
  let work = '';
  let registry: StartedRegistry;
  let mirror: StartedRegistry;
  let bare: StartedRegistry;
  const at = (name: string): string => path.join(work, name);
  const PATHS = { signed: 'team/signed', unsigned: 'team/unsigned', other: 'team/other' };

  /** `skopeo copy --sign-by`: it asks the registry at `/v2/`, and puts the signature where it says. */
  async function push(to: string, signer?: string): Promise<void> {
    const from = `docker://${registry.host}/source/app:1`;
    const flags = ['--src-tls-verify=false', '--dest-tls-verify=false', '--insecure-policy'];
    const signing = signer === undefined ? [] : ['--sign-by', signer];
    const args = ['copy', ...flags, ...signing, from, `docker://${registry.host}/${to}:1`];
    await run(skopeo ?? '', args, { env: { ...process.env, GNUPGHOME: at('gnupg') } });
  }

  async function makeKey(email: string): Promise<Buffer> {
    const env = { ...process.env, GNUPGHOME: at('gnupg') };
    const quietly = ['--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''];
    await run(gpg ?? '', [...quietly, '--quick-generate-key', email, 'rsa2048', 'sign', 'never'], { env });
    const { stdout } = await run(gpg ?? '', ['--export', email], { env, encoding: 'buffer' });
    return stdout;
  }

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-extension-'));
    registry = await startReferrersRegistry(program ?? '', { hasSignatures: true });
    mirror = await startReferrersRegistry(program ?? '', { hasSignatures: true });
    bare = await startReferrersRegistry(program ?? '');
    await mkdir(at('gnupg'), { mode: 0o700 });
    await mkdir(at('registries.d'));
    const lookaside = `docker:\n  ${registry.host}:\n    lookaside: http://${registry.host}/lookaside\n`;
    await writeFile(at('registries.d/app.yaml'), lookaside);
    const insecure = [registry, mirror].map(({ host }) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    await writeFile(at('registries.conf'), insecure.join(''));
    const keyData = (await makeKey('release@example.com')).toString('base64');
    await makeKey('other@example.com');
    const requirement = { type: 'signedBy', keyType: 'GPGKeys', keyData };
    await writeFile(at('policy.json'), JSON.stringify({ default: [requirement] }));
    const remapped = {
      type: 'remapIdentity',
      prefix: mirror.host,
      signedPrefix: registry.host,
    };
    await writeFile(at('mirrored.json'), JSON.stringify({ default: [{ ...requirement, signedIdentity: remapped }] }));
    await mkdir(at('trust/acme'), { recursive: true });
    const canonicalRepositories = Object.values(PATHS).map((name) => `${registry.host}/${name}`);
    await writeFile(at('trust/acme/profile.yaml'), profile({ canonicalRepositories }));
    await writeFile(at('trust/acme/policy.json'), JSON.stringify({ default: [requirement] }));
    const config = Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}');
    await pushBlob(registry.host, 'source/app', config);
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: toDigest(config),
          size: config.length,
        },
        layers: [],
      }),
    );
    await pushManifest(registry.host, 'source/app', { reference: '1', mediaType: OCI_MANIFEST, bytes });
    await push(PATHS.signed, 'release@example.com');
    await push(PATHS.other, 'other@example.com');
    await push(PATHS.unsigned);
  });
  afterAll(async () => {
    for (const one of [registry, mirror, bare]) await one.stop();
    await run('gpgconf', ['--kill', 'all'], { env: { ...process.env, GNUPGHOME: at('gnupg') } });
    await rm(work, { recursive: true, force: true });
  });

  async function askSignet(image: string) {
    const { open, close } = await openRegistryImages({
      registriesD: at('registries.d'),
      registry: [`${registry.host}=http://${registry.host}`],
      allowRegistry: [],
      allowPrivateStores: true,
    });
    try {
      const { outcome, requirements } = await decideByPolicy({
        source: await open(parseDockerReference(image)),
        policy: await readPolicyFile(at('policy.json')),
        keys: (source) => readPolicyKeys(source, undefined),
        now: new Date(),
        signal: new AbortController().signal,
      });
      return { outcome, locations: requirements.flatMap(({ attempts }) => attempts.map(({ location }) => location)) };
    } finally {
      close();
    }
  }

  test.each([
    { name: 'by the key of the policy', repository: PATHS.signed, expected: 'accepted' },
    { name: 'by another key', repository: PATHS.other, expected: 'rejected' },
    { name: 'none', repository: PATHS.unsigned, expected: 'rejected' },
  ])('$name: $expected, as the library of nodes says', async ({ repository, expected }) => {
    const image = `${registry.host}/${repository}:1`;
    const { outcome, locations } = await askSignet(image);
    expect(outcome).toBe(expected);
    expect(locations.every((location) => location.includes('(signature extension)'))).toBe(true);
    if (nodes === undefined) return;
    const { allowed, reason } = await askNodeLibrary(nodes, {
      image: `docker://${image}`,
      policyFile: at('policy.json'),
      registriesConf: at('registries.conf'),
      registriesD: at('registries.d'),
    });
    expect([allowed, reason === ''], reason).toEqual([expected === 'accepted', expected === 'accepted']);
  });

  /** `signet mirror sigstore` of one image, to a repository of its own name. */
  async function copy(to: StartedRegistry, repository: string) {
    const flags = [registry, to].flatMap(({ host }) => ['--registry', `${host}=http://${host}`]);
    const places = ['--from', `${registry.host}/${repository}`, '--to', `${to.host}/${repository}`];
    const { digest } = await readSource(repository);
    const args = ['mirror', 'sigstore', ...places, '--digest', digest, '--trust', at('trust'), ...flags];
    const { status, stdout, stderr } = await runSignet([...args, '--allow-private-stores', '-o', 'json'], {
      cwd: work,
    });
    if (stdout === '') throw new Error(stderr);
    const { images } = JSON.parse(stdout) as {
      images: { outcome: string; attachments: { outcome: string }[]; rejected: { reasons: { code: string }[] }[] }[];
    };
    return {
      status,
      outcomes: images.map(({ outcome }) => outcome),
      put: images.flatMap(({ attachments }) => attachments.map((one) => one.outcome)),
      refused: images.flatMap(({ rejected }) => rejected.map(({ reasons }) => reasons[0]?.code)),
    };
  }

  async function readSource(repository: string) {
    const answer = await fetch(`http://${registry.host}/v2/${repository}/manifests/1`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { bytes, digest: toDigest(bytes) };
  }

  /** The image without its signatures. */
  async function pushUnsigned(to: StartedRegistry, repository: string): Promise<void> {
    const { bytes } = await readSource(repository);
    const { config } = JSON.parse(bytes.toString()) as { config: { digest: string } };
    const blob = await fetch(`http://${registry.host}/v2/${repository}/blobs/${config.digest}`);
    await pushBlob(to.host, repository, Buffer.from(await blob.arrayBuffer()));
    await pushManifest(to.host, repository, { reference: '1', mediaType: OCI_MANIFEST, bytes });
  }

  const asksMirror = async (repository: string): Promise<boolean | undefined> => {
    if (nodes === undefined) return undefined;
    const { allowed } = await askNodeLibrary(nodes, {
      image: `docker://${mirror.host}/${repository}:1`,
      policyFile: at('mirrored.json'),
      registriesConf: at('registries.conf'),
      registriesD: at('registries.d'),
    });
    return allowed;
  };

  test('are copied to a mirror once they verify, and nodes pull there then', async () => {
    await pushUnsigned(mirror, PATHS.signed);
    if (nodes !== undefined) expect(await asksMirror(PATHS.signed)).toBe(false);
    const first = { status: 0, outcomes: ['complete'], put: ['copied'], refused: [] };
    expect(await copy(mirror, PATHS.signed)).toEqual(first);
    if (nodes !== undefined) expect(await asksMirror(PATHS.signed)).toBe(true);
    expect(await copy(mirror, PATHS.signed)).toEqual({ ...first, put: ['held'] });
  });

  test('by another key are left out, and nodes do not pull', async () => {
    await pushUnsigned(mirror, PATHS.other);
    expect(await copy(mirror, PATHS.other)).toEqual({
      status: 1,
      outcomes: ['invalid'],
      put: [],
      refused: ['KeyUnknown'],
    });
    if (nodes !== undefined) expect(await asksMirror(PATHS.other)).toBe(false);
  });

  test('have no place in a mirror without the extension, which is said', async () => {
    await pushUnsigned(bare, PATHS.signed);
    expect(await copy(bare, PATHS.signed)).toEqual({
      status: 1,
      outcomes: ['invalid'],
      put: [],
      refused: ['SignatureUnsupported'],
    });
  });
});
