import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDigest } from '../../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import { collectAttachments } from '../../../../lib/bundle/create/collect-attachments.ts';
import type { BundleFile } from '../../../../lib/bundle/format/archive.ts';
import { SIGSTORE_INDEX_PATH, sigstoreBlobPath } from '../../../../lib/bundle/format/bundle-path.ts';
import { importAttachments } from '../../../../lib/bundle/import/import-attachments.ts';
import { inspectBundle } from '../../../../lib/bundle/import/inspect-bundle.ts';
import { readSigstoreEvidence } from '../../../../lib/mirror/check/evidence.ts';
import { createHttpClient } from '../../../../lib/platform/http/http-client.ts';
import { createAttachmentStore } from '../../../../lib/registry/attachments/attachment-store.ts';
import { toSignatureTag } from '../../../../lib/registry/attachments/attachment.ts';
import { createRegistryClient } from '../../../../lib/registry/client/registry-client.ts';
import { createRegistryPusher } from '../../../../lib/registry/client/registry-pusher.ts';
import {
  createScratch,
  digestOf,
  makeBundle,
  makeBundleSigner,
  makeMirror,
  NOW,
  SIGNAL,
} from '../../../bundle/bundle-setup.ts';
import { type CraftedFile, craftBundle } from '../../../bundle/craft-archive.ts';
import {
  makeAttachment,
  makeImage,
  makeReferrer,
  otherKeys,
  pushAttachment,
  pushReferrer,
  RELEASES,
  readMirrorTrust,
} from '../../../mirror/check/mirror-setup.ts';
import { startRegistry, type TestRegistry } from '../../../registry/client/start-registry.ts';
import { createMemoryManifests } from '../../../support/memory-manifests.ts';
import { findTool } from '../../../support/tools.ts';

const newPath = createScratch('bundle-attachments-');
const signer = await makeBundleSigner();
const { prepared } = await readMirrorTrust();
const program = findTool('docker-registry');
const repository = parseRepository(RELEASES);
const both = makeImage('both').digest;
const forged = makeImage('forged').digest;
const unsigned = makeImage('unsigned').digest;
const bundle = makeReferrer(both);
const cosign = makeAttachment(both);

function testBundles(installed: string): void {
  let source: TestRegistry;
  let target: TestRegistry;
  const http = createHttpClient({ allowPrivateAddresses: true });
  const connect = ({ host }: TestRegistry) => {
    const options = { http, allowedHosts: [host], plainHttpHosts: [host] };
    return { reader: createRegistryClient(options), pusher: createRegistryPusher(options) };
  };
  beforeAll(async () => {
    [source, target] = [await startRegistry(installed), await startRegistry(installed)];
    await pushAttachment(source.host, both, cosign);
    await pushReferrer(source.host, both, bundle, { isListed: true });
    await pushAttachment(source.host, forged, makeAttachment(forged, [{ keys: otherKeys }]));
  });
  afterAll(async () => {
    http.close();
    await source.stop();
    await target.stop();
  });

  async function collect() {
    const place = parseRepository(`${source.host}/mirror/release`);
    return await collectAttachments({
      images: [both, forged, unsigned].map((digest) => ({ digest, repository, place })),
      reader: connect(source).reader,
      profiles: [prepared],
      concurrency: 2,
      now: NOW,
      signal: SIGNAL,
    });
  }

  async function write(sigstore: readonly BundleFile[]): Promise<string> {
    const made = await makeBundle(makeMirror(signer, [digestOf('one')]), [signer.profile], { sigstore });
    const file = newPath('bundle.tar.gz');
    await writeFile(file, made.bundle);
    return file;
  }

  async function importTo(file: string, path: string) {
    const destination = connect(target);
    const to = parseRepository(`${target.host}/${path}`);
    const report = await importAttachments({
      source: file,
      profiles: [prepared],
      destination,
      to,
      componentsTo: to,
      replace: false,
      concurrency: 2,
      now: () => NOW,
      signal: SIGNAL,
    });
    const store = createAttachmentStore(async () => destination.reader);
    const evidence = await readSigstoreEvidence(
      { digest: both, repository, place: to },
      prepared,
      { attachments: store, registry: createMemoryManifests() },
      NOW,
      SIGNAL,
    );
    return { report, state: evidence.state };
  }

  test('what verifies is in the layout, and the same each time', async () => {
    const collected = await collect();
    expect([collected.attachments, collected.withoutAny, collected.leftOut.length]).toEqual([2, [forged, unsigned], 1]);
    const index = collected.files.find(({ path }) => path === SIGSTORE_INDEX_PATH);
    const { manifests } = JSON.parse(Buffer.from(index?.bytes ?? []).toString()) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    expect(manifests.map(({ annotations }) => Object.values(annotations).join())).toEqual([
      `${RELEASES}:${toSignatureTag(both)}`,
      `${RELEASES}@${bundle.digest}`,
    ]);
    expect((await collect()).files).toEqual(collected.files);
    const file = await write(collected.files);
    const inspection = await inspectBundle({ file, profiles: [signer.profile], now: NOW, signal: SIGNAL });
    expect([inspection.outcome, inspection.faults]).toEqual(['intact', []]);
  });

  test('they are pushed byte for byte, and the second time nothing is', async () => {
    const file = await write((await collect()).files);
    const first = await importTo(file, 'site/release');
    expect([first.report.outcome, first.state]).toEqual(['imported', 'valid']);
    expect(first.report.images.flatMap(({ attachments }) => attachments.map(({ outcome }) => outcome))).toEqual([
      'copied',
      'copied',
    ]);
    const response = await fetch(`http://${target.host}/v2/site/release/manifests/${toSignatureTag(both)}`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    expect(await response.text()).toBe(cosign.bytes.toString());
    const again = await importTo(file, 'site/release');
    expect(again.report.images.flatMap(({ attachments }) => attachments.map(({ outcome }) => outcome))).toEqual([
      'held',
      'held',
    ]);
  });

  test('a bundle without a layout pushes nothing', async () => {
    const { report, state } = await importTo(await write([]), 'site/none');
    expect([report.outcome, report.images, state]).toEqual(['imported', [], 'absent']);
  });

  describe('a crafted bundle', () => {
    const files = async (change: (file: BundleFile) => BundleFile): Promise<CraftedFile[]> =>
      (await collect()).files
        .map(change)
        .map(({ path, bytes }) => ({ path, body: bytes }))
        .toSorted((one, other) => (one.path < other.path ? -1 : 1));
    const text = (change: (content: string) => string) => (file: BundleFile) =>
      file.path === SIGSTORE_INDEX_PATH
        ? { ...file, bytes: Buffer.from(change(Buffer.from(file.bytes).toString())) }
        : file;

    test.each([
      {
        name: 'a blob of other bytes',
        change: (file: BundleFile) =>
          file.path.includes(bundle.digest.slice(7)) ? { ...file, bytes: Buffer.from('other') } : file,
        expected: ['refused', 'ContentMismatch'],
      },
      {
        name: 'an index of another name',
        change: text((content) => content.replaceAll(RELEASES, '../../x')),
        expected: ['refused', 'ContentMismatch'],
      },
      { name: 'an index that is none', change: text(() => '{}'), expected: ['refused', 'ContentMismatch'] },
      {
        name: 'a tag that is no signature’s',
        change: text((content) => content.replace('.sig"', '.att"')),
        expected: ['refused', 'ContentMismatch'],
      },
      {
        name: 'a manifest under another image’s tag',
        change: text((content) => content.replace(toSignatureTag(both), toSignatureTag(forged))),
        expected: ['partial', undefined],
      },
    ])('$name: $expected', async ({ change, expected }) => {
      const file = newPath('crafted.tar.gz');
      await writeFile(file, craftBundle(await files(change)));
      const { report, state } = await importTo(file, `site/crafted-${expected[0]}`);
      expect([report.outcome, report.faults[0]?.code]).toEqual(expected);
      // What verifies beside it is pushed; with a fault, nothing is.
      expect(state).toBe(expected[0] === 'partial' ? 'valid' : 'absent');
    });

    test.each([
      'sigstore/other',
      'sigstore/blobs/sha256/..',
      'sigstore/blobs/md5/00',
      sigstoreBlobPath(parseDigest(both)).toUpperCase(),
    ])('%s is no path of a bundle', async (path) => {
      const file = newPath('crafted.tar.gz');
      await writeFile(file, craftBundle([{ path, body: 'x' }]));
      expect((await importTo(file, 'site/paths')).report.faults.map(({ code }) => code)).toEqual(['PathRefused']);
    });
  });
}

if (program === undefined) {
  test.skip('bundles to a registry: not installed; apt-get install docker-registry');
} else {
  describe('bundles with what registries keep beside images', () => {
    testBundles(program);
  });
}
