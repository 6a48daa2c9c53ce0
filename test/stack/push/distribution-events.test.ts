import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseDistributionWebhook } from '../../../lib/push/receive/parse/parse-distribution-webhook.ts';
import { toQuestion } from '../../../lib/push/verify/to-question.ts';
import { toStatement } from '../../crypto/sigstore/make-bundle.ts';
import { makeImage, makeReferrer, pushImage, pushReferrer } from '../../mirror/check/mirror-setup.ts';
import { type Cosign, makeCosignKeys, signWithCosign } from '../../registry/attachments/sign-with-cosign.ts';
import { pushBlob } from '../../registry/client/push-content.ts';
import { createSetup, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import { startRegistry, type TestRegistry } from '../../registry/client/start-registry.ts';
import { findTool } from '../../support/tools.ts';

const distribution = findTool('docker-registry');
const two = findTool('cosign-2');
const three = findTool('cosign-3');
const clients: readonly Cosign[] = [
  ...(two === undefined ? [] : [{ version: 2 as const, program: two }]),
  ...(three === undefined ? [] : [{ version: 3 as const, program: three }]),
];
const { signal } = new AbortController();
const PLACE = 'team/app';
const CONFIG = Buffer.from('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}');

describe.skipIf(distribution === undefined)('events of a real registry', () => {
  const setup = createSetup();
  const bodies: string[] = [];
  let registry: TestRegistry;
  let scratch = '';

  beforeAll(async () => {
    const receiver = await setup.serve((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      request.on('end', () => {
        bodies.push(text);
        response.writeHead(202).end();
      });
    });
    registry = await startRegistry(distribution ?? '', { notified: `${receiver.origin}/events` });
    scratch = await mkdtemp(path.join(tmpdir(), 'signet-events-'));
    const [client] = clients;
    if (client !== undefined) await makeCosignKeys(client, scratch, ['release']);
  });
  afterAll(async () => {
    await registry.stop();
    await setup.close();
    await rm(scratch, { recursive: true, force: true });
  });

  /** A real image: with a configuration of one. */
  async function pushNew(note: string) {
    const content = JSON.parse(makeImage(note).bytes.toString()) as object;
    const config = {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: toDigest(CONFIG),
      size: CONFIG.length,
    };
    await pushBlob(registry.host, PLACE, CONFIG);
    return await pushImage(registry.host, Buffer.from(JSON.stringify({ ...content, config })), PLACE);
  }

  /** What the registry's events of these pushes ask about, each once. */
  async function listAsked(push: () => Promise<unknown>): Promise<readonly string[]> {
    bodies.length = 0;
    await push();
    // Its own event, pushed last, is the last one.
    const last = await pushNew(`last ${performance.now()}`);
    await vi.waitUntil(() => bodies.some((body) => body.includes(last)), { timeout: 90_000 });
    const client = setup.connect({ allowed: [registry.host], plain: [registry.host] });
    const asked = new Set<string>();
    for (const body of bodies) {
      const parsed = parseDistributionWebhook(JSON.parse(body));
      if (parsed.kind !== 'pushes') continue;
      for (const one of parsed.pushes) {
        const reading = { openRegistry: async () => client, isLastTry: false, signal };
        const question = await toQuestion({ schema: 1, profile: 'acme', push: one }, reading);
        asked.add(question.kind === 'image' ? (question.pullspec.digest ?? '') : 'nothing');
      }
    }
    asked.delete(last);
    return [...asked];
  }

  const rows = clients.flatMap((client) =>
    (['tag', 'referrer', 'bundle'] as const).map((form) => ({
      name: `${form} by cosign ${client.version}`,
      client,
      form,
    })),
  );

  test.each(rows)(
    '$name: every event asks about the image, and none about the signature',
    async ({ name, client, form }) => {
      const digest = await pushNew(name);
      const image = `${registry.host}/${PLACE}@${digest}`;
      expect(await listAsked(() => signWithCosign(client, scratch, { image, key: 'release', form }))).toEqual([digest]);
    },
    60_000,
  );

  test('an image: its event asks about it', async () => {
    let digest = '';
    expect(await listAsked(async () => (digest = await pushNew('an image')))).toEqual([digest]);
  });

  test('provenance: its events ask about the image', async () => {
    const digest = await pushNew('with provenance');
    const statement = toStatement([digest], 'https://slsa.dev/provenance/v1');
    const made = makeReferrer(digest, undefined, statement);
    const asked = await listAsked(() => pushReferrer(registry.host, digest, made, { place: PLACE, isListed: true }));
    expect(asked).toEqual([digest]);
  });

  test('provenance as BuildKit pushes it: its event asks about nothing', async () => {
    const statement = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
    const layers = [{ mediaType: 'application/vnd.in-toto+json', digest: toDigest(statement), size: statement.length }];
    const config = {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: toDigest(CONFIG),
      size: CONFIG.length,
    };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }));
    const asked = await listAsked(async () => {
      await pushBlob(registry.host, PLACE, statement);
      await pushImage(registry.host, bytes, PLACE);
    });
    expect(asked).toEqual(['nothing']);
  });
});
