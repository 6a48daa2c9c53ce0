import { request as openRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseWebhookCredentials } from '../../../lib/platform/secrets/webhook-credentials.ts';
import { receiveWebhook } from '../../../lib/push/receive/receive-webhook.ts';
import { createSetup } from '../../registry/client/registry-setup.ts';
import { startRegistry, type TestRegistry } from '../../registry/client/start-registry.ts';
import { toSha256 } from '../../support/push-receiver.ts';
import { findTool } from '../../support/tools.ts';

const distribution = findTool('docker-registry');
const TOKEN = 'token-of-the-registry';

/** CNCF distribution repeats an event until it is answered 2xx or 3xx, and sends none behind it. */
describe.skipIf(distribution === undefined)('a registry that repeats what is refused', () => {
  const setup = createSetup();
  const received: string[] = [];
  const statuses: number[] = [];
  let registry: TestRegistry;

  beforeAll(async () => {
    const receiver = await setup.serve((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        void answer(Buffer.concat(chunks).toString(), incoming.headers['content-type'] ?? '').then((status) => {
          statuses.push(status);
          response.writeHead(status).end();
        });
      });
    });
    registry = await startRegistry(distribution ?? '', { notified: receiver.origin });
  });
  afterAll(async () => {
    await registry.stop();
    await setup.close();
  });

  /** As the function does: 202 for what is taken, 401 for what is refused, else what is wrong with it. */
  async function answer(body: string, contentType: string): Promise<number> {
    const credential = { source: 'distribution', registry: registry.host, tokenSha256: toSha256(TOKEN) };
    const credentials = parseWebhookCredentials(JSON.stringify({ schema: 1, credentials: [credential] }));
    const sent = { source: 'distribution', token: TOKEN, headers: { 'content-type': contentType }, body } as const;
    const nobody = async () => ({ kind: 'unknown', fault: 'nobody' }) as const;
    try {
      const event = await receiveWebhook({ ...sent, isBase64Encoded: false }, credentials, nobody);
      if (event.kind === 'pushes') received.push(...event.pushes.map(({ repository }) => repository));
      return event.kind === 'refused' ? 401 : 202;
    } catch {
      return 400;
    }
  }

  /** An index of nothing. */
  async function push(repository: string, headers: Record<string, string> = {}): Promise<number | undefined> {
    const content = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] };
    const [name = '', port = ''] = registry.host.split(':');
    return await new Promise((resolve, reject) => {
      const path = `/v2/${repository}/manifests/latest`;
      const type = { 'content-type': content.mediaType };
      const options = { host: name, port, path, method: 'PUT', headers: { ...type, ...headers } };
      openRequest(options, (response) => response.resume().on('end', () => resolve(response.statusCode)))
        .on('error', reject)
        .end(JSON.stringify(content));
    });
  }

  test.each<[string, string, Record<string, string>]>([
    ['another host', 'odd/host', { host: 'registry.elsewhere.example' }],
    ['a host that is none', 'odd/name', { host: 'a_b' }],
    ['a User-Agent of 200,000 characters', 'odd/agent', { 'user-agent': '<'.repeat(200_000) }],
    ['a repository that begins with a host', 'Odd.example.com/repository', {}],
  ])(
    '%s: what is pushed behind it arrives',
    async (_, repository, headers) => {
      expect(await push(repository, headers)).toBe(201);
      const next = `next/${received.length}-${statuses.length}`;
      expect(await push(next)).toBe(201);
      await vi.waitUntil(() => received.includes(next), { timeout: 90_000 });
      expect(new Set(statuses)).toEqual(new Set([202]));
    },
    30_000,
  );
});
