import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Digest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import type { SiteReadiness } from '../../../lib/cluster/readiness/readiness.ts';
import { buildImage, referencesOf, releaseLayer } from '../../artifact/release/release-setup.ts';
import { type BundleSigner, makeBundleSigner } from '../../bundle/bundle-setup.ts';
import { makeSite, type SamplePlan, SIGSTORE_GATE } from '../../cluster/readiness/sample-site.ts';
import { RELEASE_REPOSITORY } from '../../fixtures/make/payload.ts';
import {
  cosignKeys,
  makeAttachment,
  makeImage,
  makeList,
  makeReferrer,
  otherKeys,
  pushAttachment,
  pushImage,
  pushReferrer,
  toImagePolicy,
} from '../../mirror/check/mirror-setup.ts';
import { pushBlob, pushManifest } from '../../registry/client/push-content.ts';
import { OCI_INDEX, toDigest } from '../../registry/client/registry-setup.ts';
import { startRegistry, type TestRegistry } from '../../registry/client/start-registry.ts';
import { runSignet } from '../../support/run-signet.ts';
import { findTool } from '../../support/tools.ts';

const program = findTool('docker-registry');
const COMPONENTS = 'quay.io/openshift-release-dev/ocp-v4.0-art-dev';
/** Where the publisher has them: everything is in one registry. */
const [SOURCE, COMPONENT_SOURCE] = ['openshift-release-dev/ocp-release', 'openshift-release-dev/ocp-v4.0-art-dev'];
const MIRROR = 'mirror.example.com/ocp/release';
const TO_MIRROR = { [RELEASE_REPOSITORY]: [MIRROR], [COMPONENTS]: [MIRROR] };
const [amd64, arm64] = [makeImage('os amd64'), makeImage('os arm64')];
const osIndex = makeList([amd64.digest, arm64.digest]);
const [etcd, bare, os] = [makeImage('etcd'), makeImage('without a signature'), makeImage('os')];

const SCHEMA = path.join(import.meta.dirname, '../../../docs/schemas/readiness.schema.json');
const isOfSchema = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as AnySchema);

/** Releases by what their components are. */
const whole = { etcd: etcd.digest, 'rhel-coreos': os.digest };
const PARTS = {
  good: whole,
  multi: { ...whole, 'rhel-coreos': toDigest(osIndex) },
  bare: { ...whole, console: bare.digest },
  lost: { ...whole, console: makeImage('lost').digest },
  bundle: whole,
  stranger: whole,
  unsigned: whole,
  tagged: whole,
} as const;
type ReleaseName = keyof typeof PARTS;

function testReadiness(installed: string): void {
  let work = '';
  let registry: TestRegistry;
  let signer: BundleSigner;
  const releases = new Map<string, Digest>();
  const digestOf = (name: ReleaseName): Digest => releases.get(name) ?? etcd.digest;

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-readiness-'));
    registry = await startRegistry(installed);
    const { host } = registry;
    signer = await makeBundleSigner();
    const policy = JSON.stringify(toImagePolicy(cosignKeys))
      .replaceAll('registry.example.com/product/release', RELEASE_REPOSITORY)
      .replaceAll('registry.example.com/product/component', COMPONENTS);
    const ofRelease = policy.replace(`,"${COMPONENTS}"`, '');
    await writeTrust('trust', [{ name: 'policy.yaml', bytes: Buffer.from(policy) }]);
    await writeTrust('of-release', [{ name: 'policy.yaml', bytes: Buffer.from(ofRelease) }]);
    await writeTrust('keyring-only', []);
    const sign = (reference: string, digest: Digest) => makeAttachment(digest, [{ reference }]);
    for (const { bytes, digest } of [amd64, arm64, etcd, bare, os]) {
      await pushImage(host, bytes, 'ocp/release');
      if (digest === bare.digest) continue;
      await pushAttachment(host, digest, sign(`${COMPONENTS}@${digest}`, digest), 'ocp/release');
    }
    await pushImage(host, osIndex, 'ocp/release', OCI_INDEX);
    for (const [name, parts] of Object.entries(PARTS))
      await pushRelease(host, name, parts, name === 'good' ? ['bare/release', SOURCE] : []);
    const good = digestOf('good');
    await pushAttachment(host, good, sign(`${RELEASE_REPOSITORY}@${good}`, good), SOURCE);
    for (const { bytes, digest } of [etcd, os]) {
      await pushImage(host, bytes, COMPONENT_SOURCE);
      await pushAttachment(host, digest, sign(`${COMPONENTS}@${digest}`, digest), COMPONENT_SOURCE);
    }
    // A mirror that has the images, and nothing beside them.
    for (const { bytes } of [etcd, os]) await pushImage(host, bytes, 'bare/release');
  });
  afterAll(async () => {
    await registry.stop();
    await rm(work, { recursive: true });
  });

  async function writeTrust(name: string, more: readonly { readonly name: string; readonly bytes: Uint8Array }[]) {
    const folder = path.join(work, name, 'ocp');
    await mkdir(folder, { recursive: true });
    for (const one of [...signer.documents, ...more]) await writeFile(path.join(folder, one.name), one.bytes);
  }

  /** @param held repositories that get the image alone, without a signature */
  async function pushRelease(
    host: string,
    name: string,
    parts: Readonly<Record<string, Digest>>,
    held: readonly string[] = [],
  ): Promise<void> {
    const tags = Object.fromEntries(Object.entries(parts).map(([part, digest]) => [part, `${COMPONENTS}@${digest}`]));
    const layers = [releaseLayer(referencesOf(tags, { metadata: { name } }))];
    const { manifest, mediaType, blobs } = await buildImage({ layers });
    const digest = toDigest(manifest);
    releases.set(name, digest);
    for (const place of ['ocp/release', ...held]) {
      for (const blob of blobs) await pushBlob(host, place, blob);
      await pushManifest(host, place, { reference: digest, mediaType, bytes: manifest });
    }
    const reference = name === 'tagged' ? `${RELEASE_REPOSITORY}:4.22.1-x86_64` : `${RELEASE_REPOSITORY}@${digest}`;
    const keys = name === 'stranger' ? otherKeys : cosignKeys;
    if (name === 'bundle')
      await pushReferrer(host, digest, makeReferrer(digest), { place: 'ocp/release', isListed: true });
    else await pushAttachment(host, digest, makeAttachment(digest, [{ reference, keys }]), 'ocp/release');
    if (name === 'unsigned') return;
    const folder = path.join(work, 'signatures', toStoreSegment(digest));
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'signature-1'), signer.sign(digest, name));
  }

  const access = (): readonly string[] => [
    '--registry',
    `mirror.example.com=http://${registry.host}`,
    '--allow-private-stores',
  ];

  interface Call {
    readonly to?: string;
    readonly release?: ReleaseName;
    readonly site?: SamplePlan;
    readonly trust?: string;
    readonly args?: readonly string[];
  }

  async function ask({ to = '4.22', release = 'good', site = {}, trust = 'trust', args = [] }: Call) {
    const file = path.join(work, 'site.yaml');
    const version = to === '4.21' ? '4.20.5' : '4.21.3';
    await writeFile(file, makeSite({ version, mirrors: TO_MIRROR, ...site }));
    const { status, stdout, stderr } = await runSignet([
      'readiness',
      '--to',
      to,
      '--cluster',
      file,
      '--trust',
      path.join(work, trust),
      '--digest',
      digestOf(release),
      '--store',
      path.join(work, 'signatures'),
      '--registry',
      `mirror.example.com=http://${registry.host}`,
      '--allow-private-stores',
      '-o',
      'json',
      ...args,
    ]);
    if (stdout === '') throw new Error(stderr);
    const readiness = JSON.parse(stdout) as SiteReadiness;
    if (!isOfSchema(readiness)) throw new Error(JSON.stringify(isOfSchema.errors));
    const open = readiness.findings.filter(({ answer }) => answer !== 'yes');
    return { status, readiness, open: open.map(({ check, answer }) => `${check} ${answer}`) };
  }

  test('a payload of the graph that nothing leads back is not known to be there', async () => {
    const graph = path.join(work, 'graph.json');
    const payload = `other.example/release@${digestOf('good')}`;
    await writeFile(graph, JSON.stringify({ nodes: [{ version: '4.22.9', payload }], edges: [] }));
    const { status, open } = await ask({ args: ['--graph', graph] });
    expect([status, open]).toEqual([3, ['graph unknown']]);
  });

  test.each<Call & { readonly name: string; readonly expected: number; readonly open: readonly string[] }>([
    { name: 'everything is there', expected: 0, open: [] },
    { name: '5.0 asks for the same', to: '5.0', site: { version: '4.22.1' }, expected: 0, open: [] },
    {
      name: '4.21 asks for the release alone',
      to: '4.21',
      release: 'bare',
      trust: 'of-release',
      expected: 0,
      open: [],
    },
    { name: 'a component is not signed', release: 'bare', expected: 1, open: ['components no'] },
    { name: 'a component is not there', release: 'lost', expected: 1, open: ['components no'] },
    {
      name: 'a bundle alone, which nodes do not read',
      release: 'bundle',
      expected: 1,
      open: ['sigstore no'],
    },
    { name: 'signed by somebody else', release: 'stranger', expected: 1, open: ['sigstore no'] },
    { name: 'no OpenPGP signature', release: 'unsigned', expected: 1, open: ['openpgp no'] },
    { name: 'signed by its tag alone', release: 'tagged', expected: 0, open: [] },
    { name: 'an index whose images are signed', release: 'multi', expected: 3, open: ['os-image unknown'] },
    {
      name: 'the same, and hosts with a later skopeo',
      release: 'multi',
      args: ['--host-skopeo', '1.22.2'],
      expected: 0,
      open: [],
    },
    {
      name: 'the same, and hosts with an older one',
      release: 'multi',
      args: ['--host-skopeo', '1.22.1'],
      expected: 1,
      open: ['os-image no'],
    },
    {
      name: 'a policy of the release alone where all is asked',
      trust: 'of-release',
      expected: 3,
      open: ['components unknown', 'os-image unknown'],
    },
    { name: 'no image policy at all', trust: 'keyring-only', to: '4.21', expected: 3, open: ['sigstore unknown'] },
    {
      name: 'a mirror without a signature',
      site: {
        mirrors: {
          [RELEASE_REPOSITORY]: ['mirror.example.com/bare/release'],
          [COMPONENTS]: ['mirror.example.com/bare/release'],
        },
      },
      expected: 1,
      open: ['sigstore no', 'components no', 'os-image no'],
    },
    {
      name: 'a mirror that has nothing',
      site: { mirrors: { [RELEASE_REPOSITORY]: ['mirror.example.com/nothing/release'] } },
      expected: 1,
      open: ['sigstore no', 'components unknown', 'os-image unknown'],
    },
    {
      name: 'a registry that does not answer',
      args: ['--registry', 'mirror.example.com=http://127.0.0.1:9'],
      expected: 3,
      open: ['sigstore unknown', 'components unknown', 'os-image unknown'],
    },
    { name: 'the mirror that is named', args: ['--mirror', MIRROR], expected: 0, open: [] },
    {
      name: 'a mirror that is named, and no set that leads to it',
      site: { mirrors: {} },
      args: ['--mirror', MIRROR],
      expected: 1,
      open: ['mirror-sets no'],
    },
    {
      name: 'mirrored for tags alone',
      site: { mirrors: {}, tagMirrors: TO_MIRROR },
      args: ['--mirror', MIRROR],
      expected: 1,
      open: ['mirror-sets no', 'tags no'],
    },
    {
      name: 'tags are mirrored as well, and one is signed',
      release: 'tagged',
      site: { tagMirrors: TO_MIRROR },
      expected: 0,
      open: [],
    },
    {
      name: 'tags are mirrored as well, and none is signed',
      site: { tagMirrors: TO_MIRROR },
      expected: 1,
      open: ['tags no'],
    },
    {
      name: 'a gate that is closed',
      to: '4.21',
      trust: 'of-release',
      site: { gates: { [SIGSTORE_GATE]: 'read this' } },
      expected: 1,
      open: ['gate no'],
    },
    {
      name: 'a policy of the site that others sign for',
      site: { more: [ofSite([RELEASE_REPOSITORY])] },
      expected: 1,
      open: ['sigstore no', 'rollout unknown'],
    },
    {
      name: 'a policy of the site for components, before the version asks',
      to: '4.21',
      trust: 'of-release',
      site: { more: [ofSite([COMPONENTS])] },
      expected: 1,
      open: ['components no', 'rollout unknown', 'os-image no'],
    },
    {
      name: 'a policy of the site for its own images',
      site: { more: [ofSite(['registry.example.com/acme'])] },
      expected: 3,
      open: ['rollout unknown'],
    },
  ])('$name: exit $expected', async ({ expected, open: wanted, ...call }) => {
    const { status, open, readiness } = await ask(call);
    expect([status, open]).toEqual([expected, wanted]);
    expect(readiness.outcome).toBe(['ready', 'not ready', '', 'unknown'][expected]);
  });

  test('what is missing is named, with the commands that bring it, and they do', async () => {
    const target = 'mirror.example.com/site/release';
    const { host } = registry;
    const site = { mirrors: { [RELEASE_REPOSITORY]: [target], [COMPONENTS]: [target] } };
    for (const { bytes } of [etcd, os]) await pushImage(host, bytes, 'site/release');
    const before = await ask({ site });
    const { details = [], commands = [] } = before.readiness.findings.find(({ check }) => check === 'sigstore') ?? {};
    expect(details.join()).toContain(digestOf('good'));
    expect(commands[0]).toBe(
      `oc adm release mirror --from=${RELEASE_REPOSITORY}@${digestOf('good')} --to=${target} --to-release-image=${target}:TAG`,
    );
    await pushRelease(host, 'good', PARTS.good, ['site/release']);
    const held = await ask({ site });
    expect(held.open).toEqual(['sigstore no', 'components no', 'os-image no']);
    const copying = held.readiness.findings.find(({ check }) => check === 'components')?.commands ?? [];
    expect(copying).toHaveLength(1);
    const [, ...args] = copying.join().split(' ');
    const copied = await runSignet([...args, '--registry', `quay.io=http://${host}`, ...access()]);
    expect([copied.status, copied.stderr]).toEqual([0, '']);
    expect(await ask({ site })).toMatchObject({ status: 0, open: [] });
  });

  test('as a list that is worked off from its top', async () => {
    const file = path.join(work, 'site.yaml');
    await writeFile(file, makeSite({ version: '4.21.3', mirrors: TO_MIRROR }));
    const args = ['--cluster', file, '--trust', path.join(work, 'trust'), '--digest', digestOf('bare')];
    const { status, stdout } = await runSignet([
      'readiness',
      '--to',
      '4.22',
      ...args,
      ...access(),
      '--store',
      path.join(work, 'signatures'),
    ]);
    expect(status).toBe(1);
    const [head, ...lines] = stdout.split('\n');
    expect(head).toBe('not ready: 4.21.3 to 4.22; 1 missing');
    expect(lines.filter((line) => line.startsWith('[ ]'))).toHaveLength(1);
    expect(stdout).toContain(`console ${bare.digest}: SignatureNotFound`);
    expect(stdout).toContain('→ signet mirror sigstore --trust');
  });
}

function ofSite(scopes: readonly string[]): object {
  const policy = toImagePolicy(otherKeys) as { readonly spec: object };
  return { ...policy, metadata: { name: 'acme' }, spec: { ...policy.spec, scopes } };
}

if (program === undefined) {
  test.skip('readiness of a site on a registry: not installed; apt-get install docker-registry');
} else {
  describe('signet readiness', () => {
    testReadiness(program);
  });
}
