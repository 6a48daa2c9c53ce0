import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addReport } from '../../../cli/report/index.ts';
import { type Digest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { toSignatureTag } from '../../../lib/registry/attachments/attachment.ts';
import { makeBundleSigner } from '../../bundle/bundle-setup.ts';
import { RELEASE_REPOSITORY } from '../../fixtures/make/payload.ts';
import {
  cosignKeys,
  makeAttachment,
  makeImage,
  makeReferrer,
  pushAttachment,
  pushImage,
  pushReferrer,
  type SignaturePlan,
  toImagePolicy,
} from '../../mirror/check/mirror-setup.ts';
import { startRegistry, type TestRegistry } from '../../registry/client/start-registry.ts';
import { type Run, runSignet, toRun } from '../../support/run-signet.ts';
import { findTool } from '../../support/tools.ts';

const SOURCE = 'registry.example.com/ocp/release';
const MIRROR = 'mirror.example.com/ocp/release';
const program = findTool('docker-registry');

/** Versions by what the mirror has of them. */
const versions = {
  '4.21.1': 'complete',
  '4.21.2': 'without .sig',
  '4.21.3': 'corrupted .sig',
  '4.21.4': 'missing',
} as const;
const releases = Object.entries(versions).map(([version, what]) => ({ version, what, ...makeImage(what) }));
const digestOf = (wanted: string): Digest =>
  releases.find(({ what }) => what === wanted)?.digest ?? makeImage(wanted).digest;
const sign = (digest: Digest, plan: SignaturePlan = {}) =>
  makeAttachment(digest, [{ reference: `${RELEASE_REPOSITORY}@${digest}`, ...plan }]);
const complete = sign(digestOf('complete'));

function testCommands(installed: string): void {
  let work = '';
  let source: TestRegistry;
  let target: TestRegistry;
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-cli-sigstore-'));
    [source, target] = [await startRegistry(installed), await startRegistry(installed)];
    const signer = await makeBundleSigner();
    const policy = JSON.stringify(toImagePolicy(cosignKeys)).replaceAll(
      'registry.example.com/product/release',
      RELEASE_REPOSITORY,
    );
    await mkdir(path.join(work, 'trust/ocp'), { recursive: true });
    for (const { name, bytes } of [...signer.documents, { name: 'policy.yaml', bytes: policy }]) {
      await writeFile(path.join(work, 'trust/ocp', name), bytes);
    }
    const nodes = releases.map(({ version, digest }) => ({
      version,
      payload: `${RELEASE_REPOSITORY}@${digest}`,
      metadata: {},
    }));
    await writeFile(path.join(work, 'graph.json'), JSON.stringify({ nodes, edges: [], conditionalEdges: [] }));
    for (const { digest, version, bytes, what } of releases) {
      const folder = path.join(work, 'signatures', toStoreSegment(digest));
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, 'signature-1'), signer.sign(digest, version));
      if (what !== 'missing') await pushImage(target.host, bytes, 'ocp/release');
      await pushImage(source.host, bytes, 'ocp/release');
      await pushAttachment(source.host, digest, what === 'complete' ? complete : sign(digest), 'ocp/release');
    }
    await pushReferrer(source.host, digestOf('complete'), makeReferrer(digestOf('complete')), {
      place: 'ocp/release',
      isListed: true,
    });
    await pushAttachment(target.host, digestOf('complete'), complete, 'ocp/release');
    const change = (text: string) => `${text.slice(0, 20)}${text[20] === 'A' ? 'B' : 'A'}${text.slice(21)}`;
    await pushAttachment(
      target.host,
      digestOf('corrupted .sig'),
      sign(digestOf('corrupted .sig'), { change }),
      'ocp/release',
    );
  });
  afterAll(async () => {
    await source.stop();
    await target.stop();
    await rm(work, { recursive: true });
  });

  const access = (): readonly string[] => [
    '--registry',
    `mirror.example.com=http://${target.host}`,
    '--registry',
    `registry.example.com=http://${source.host}`,
    '--allow-private-stores',
  ];

  function signet(...args: readonly string[]): Promise<Run> {
    return runSignet(args, { cwd: work });
  }

  const WANTED = ['--trust', 'trust', '--graph', 'graph.json'];
  const checkMirror = (...more: readonly string[]) =>
    signet('mirror', 'check', MIRROR, ...WANTED, '--store', 'signatures', ...access(), ...more);
  const toRows = (stdout: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      stdout
        .split('\n')
        .filter((line) => line.startsWith('sha256:'))
        .map((line) => line.split(/ +/))
        .map(
          ([, manifest, sigstore, openpgp, , version = '']) => [version, [manifest, sigstore, openpgp].join()] as const,
        ),
    );

  test('mirror check tells a complete release, one without .sig, a corrupted one and a missing one apart', async () => {
    const { status, stdout } = await checkMirror();
    expect(toRows(stdout)).toEqual({
      '4.21.1': 'present,valid,valid',
      '4.21.2': 'present,absent,valid',
      '4.21.3': 'present,invalid,valid',
      '4.21.4': 'absent,absent,valid',
    });
    expect(stdout.split('\n')[0]).toBe('4 images: 1 complete, 3 incomplete, 0 not known');
    expect(stdout).toContain('  sigstore  SignatureNotFound: ');
    expect(stdout).toContain('  sigstore  SignatureInvalid: ');
    expect(status).toBe(1);
    const { outcome, images } = JSON.parse((await checkMirror('-o', 'json')).stdout) as {
      outcome: string;
      images: { outcome: string; sigstore: { readers?: { yes: string[] } } }[];
    };
    expect(stdout).toMatch(/4\.21\.1 +cosign 2, cosign 3, .* OpenShift 4\.12 to 5\.0\n/);
    expect(stdout).toMatch(/4\.21\.2 +-\n/);
    expect(images.map(({ sigstore }) => sigstore.readers?.yes.includes('cosign 3'))).toEqual([
      true,
      undefined,
      undefined,
      undefined,
    ]);
    expect([outcome, ...images.map((image) => image.outcome)]).toEqual([
      'incomplete',
      'complete',
      'incomplete',
      'incomplete',
      'incomplete',
    ]);
  });

  test.each([
    ['mirror check', ['mirror', 'check', MIRROR, '--store', 'signatures'], 'left out  4.22.9 other.example/r@sha256:'],
    ['report transition', ['report', 'transition', '--mirror', MIRROR, '--store', 'signatures'], 'unknown: 1 release'],
    ['mirror sigstore', ['mirror', 'sigstore', '--from', MIRROR, '--to', MIRROR], '1 image: 0 attachments copied'],
  ])('%s is not whole while a payload of the graph is left out', async (_, command, text) => {
    const [{ version, digest } = { version: '', digest: '' }] = releases;
    const nodes = [
      { version, payload: `${RELEASE_REPOSITORY}@${digest}` },
      { version: '4.22.9', payload: `other.example/r@${digest}` },
    ];
    for (const [name, more] of [['whole.json', 1] as const, ['partly.json', 2] as const]) {
      await writeFile(path.join(work, name), JSON.stringify({ nodes: nodes.slice(0, more), edges: [] }));
    }
    const ask = async (graph: string) => await signet(...command, '--trust', 'trust', '--graph', graph, ...access());
    expect((await ask('whole.json')).status).toBe(0);
    const { status, stdout } = await ask('partly.json');
    expect([status, stdout]).toEqual([3, expect.stringContaining(text)]);
  });

  test('report transition says what each kind of signatures says', async () => {
    const written: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    let status = -1;
    try {
      const reporting = new Command().exitOverride();
      addReport(
        reporting,
        toRun((given) => {
          status = given;
        }),
      );
      const at = (name: string): string => path.join(work, name);
      await reporting.parseAsync(
        [
          'report',
          'transition',
          '--trust',
          at('trust'),
          '--graph',
          at('graph.json'),
          '--mirror',
          MIRROR,
          '--store',
          at('signatures'),
          ...access(),
        ],
        { from: 'user' },
      );
    } finally {
      spy.mockRestore();
    }
    const text = written.join('');
    expect([status, text.split('\n')[0]]).toEqual([1, 'not ready: 4 releases, 1 both, 3 openpgp only']);
  });

  test('mirror sigstore makes it whole, and again does nothing; then the check is content', async () => {
    const copy = (...more: readonly string[]) =>
      signet('mirror', 'sigstore', '--from', SOURCE, '--to', MIRROR, ...WANTED, ...access(), ...more);
    const first = await copy();
    expect([first.status, first.stderr]).toEqual([1, '']);
    expect(first.stdout.split('\n')[0]).toBe(
      '4 images: 2 attachments copied, 0 merged, 0 replaced, 1 held already, 0 without one',
    );
    // What does not verify could be somebody else's: the user says that it may go.
    expect(first.stdout).toContain(`:${toSignatureTag(digestOf('corrupted .sig'))}: no signature at its tag verifies`);
    const second = await copy('--replace');
    expect([second.status, second.stdout.split('\n')[0]]).toEqual([
      0,
      '4 images: 0 attachments copied, 0 merged, 1 replaced, 3 held already, 0 without one',
    ]);
    // The profile refuses bundles, which name no repository.
    expect(first.stdout).toMatch(
      /left out {2}registry\.example\.com\/ocp\/release@sha256:[0-9a-f]{64}: a bundle names no repository/,
    );
    expect((await copy()).stdout.split('\n')[0]).toBe(
      '4 images: 0 attachments copied, 0 merged, 0 replaced, 4 held already, 0 without one',
    );
    const { status, stdout } = await checkMirror();
    expect([status, toRows(stdout)['4.21.4'], toRows(stdout)['4.21.3']]).toEqual([
      1,
      // Only the manifest says which images nodes run, so that no signature counts before it is there.
      'absent,absent,valid',
      'present,valid,valid',
    ]);
    const { digest } = releases[0] ?? { digest: '' };
    const whole = await signet(
      'mirror',
      'check',
      MIRROR,
      '--digest',
      digest,
      '--trust',
      'trust',
      '--store',
      'signatures',
      ...access(),
    );
    expect([whole.status, toRows(whole.stdout)]).toEqual([0, { [RELEASE_REPOSITORY]: 'present,valid,valid' }]);
  });

  test('a bundle takes them along and pushes them', async () => {
    const created = await signet(
      'bundle',
      'create',
      'all.tar.gz',
      '--from',
      '.',
      '--trust',
      'trust',
      '--sigstore-from',
      SOURCE,
      ...access(),
    );
    expect([created.status, created.stderr]).toEqual([0, '']);
    expect(created.stdout).toContain('  sigstore    4 attachments; 0 images without one');
    expect((await signet('bundle', 'inspect', 'all.tar.gz')).status).toBe(0);
    const site = 'mirror.example.com/site/release';
    const push = () => signet('bundle', 'import', 'all.tar.gz', '--to-registry', site, '--trust', 'trust', ...access());
    const first = await push();
    expect([first.status, first.stdout.split('\n')]).toEqual([
      0,
      [
        'imported  all.tar.gz',
        '  sigstore    imported: 4 images: 4 attachments copied, 0 merged, 0 replaced, 0 held already, 0 without one',
        '',
      ],
    ]);
    const again = await signet(
      'bundle',
      'import',
      'all.tar.gz',
      '--to',
      'served',
      '--to-registry',
      site,
      '--trust',
      'trust',
      '-o',
      'json',
      ...access(),
    );
    expect(JSON.parse(again.stdout)).toMatchObject({
      outcome: 'imported',
      written: 4,
      sigstore: { outcome: 'imported' },
    });
  });

  test.each([
    { name: 'no release', args: ['mirror', 'check', MIRROR, '--trust', 'trust'], says: 'name the releases' },
    { name: 'no repository', args: ['mirror', 'check', 'a b', ...WANTED], says: 'a b' },
    {
      name: 'channels without a graph',
      args: ['mirror', 'check', MIRROR, '--trust', 'trust', '--digest', digestOf('complete'), '--channel', 'x'],
      says: '--graph',
    },
    {
      name: 'a bundle’s trust for a registry',
      args: ['bundle', 'import', 'x', '--to-registry', MIRROR, '--use-bundle-trust'],
      says: '--to-registry verifies by --trust',
    },
  ])('$name: exit status 2', async ({ args, says }) => {
    const { status, stdout, stderr } = await signet(...args, ...access());
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
  });
}

if (program === undefined) {
  test.skip('commands on a registry: not installed; apt-get install docker-registry');
} else {
  describe('signet on a registry', () => {
    testCommands(program);
  });
}
