import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import { copyAttachments } from '../../../../lib/mirror/sigstore/copy-attachments.ts';
import { createHttpClient } from '../../../../lib/platform/http/http-client.ts';
import type { AttachmentForm } from '../../../../lib/registry/attachments/attachment.ts';
import { createRegistryClient } from '../../../../lib/registry/client/registry-client.ts';
import { createRegistryPusher } from '../../../../lib/registry/client/registry-pusher.ts';
import { prepareTrust } from '../../../../lib/trust/prepare/prepare-trust.ts';
import { makeImage, pushImage } from '../../../mirror/check/mirror-setup.ts';
import {
  askCosign,
  type Cosign,
  makeCosignKeys,
  signWithCosign,
} from '../../../registry/attachments/sign-with-cosign.ts';
import { startReferrersRegistry } from '../../../registry/client/start-referrers-registry.ts';
import { startRegistry } from '../../../registry/client/start-registry.ts';
import { findTool } from '../../../support/tools.ts';
import { file, profile } from '../../../trust/sample-documents.ts';

const { signal } = new AbortController();
const referrers = findTool('referrers-registry');
const debian = findTool('docker-registry');
const two = findTool('cosign-2');
const three = findTool('cosign-3');

interface Registry {
  readonly host: string;
  stop(): Promise<void>;
}

const places: readonly { name: string; start: () => Promise<Registry> }[] = [
  ...(referrers === undefined
    ? []
    : [{ name: 'with referrers', start: async () => await startReferrersRegistry(referrers) }]),
  ...(debian === undefined ? [] : [{ name: 'without', start: async () => await startRegistry(debian) }]),
];
const clients: readonly Cosign[] = [
  ...(two === undefined ? [] : [{ version: 2 as const, program: two }]),
  ...(three === undefined ? [] : [{ version: 3 as const, program: three }]),
];
const forms = ['tag', 'referrer', 'bundle'] as const;
const rows = clients.flatMap((client) =>
  places.flatMap((from) =>
    places.flatMap((to) =>
      forms.map((form) => ({
        name: `${form} of cosign ${client.version}, ${from.name} to ${to.name}`,
        client,
        from,
        to,
        form,
      })),
    ),
  ),
);

describe.skipIf(rows.length === 0)('every form that cosign writes, in a mirror', () => {
  const registries = new Map<string, Registry>();
  const http = createHttpClient({ allowPrivateAddresses: true });
  let scratch = '';
  let keys: ReadonlyMap<string, Buffer> = new Map();

  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'signet-every-form-'));
    for (const { name, start } of places) {
      registries.set(`from ${name}`, await start());
      registries.set(`to ${name}`, await start());
    }
    const [client] = clients;
    if (client !== undefined) keys = await makeCosignKeys(client, scratch, ['release', 'other']);
  });
  afterAll(async () => {
    http.close();
    for (const registry of registries.values()) await registry.stop();
    await rm(scratch, { recursive: true, force: true });
  });

  function connect(host: string) {
    const options = { http, allowedHosts: [host], plainHttpHosts: [host] };
    return { reader: createRegistryClient(options), pusher: createRegistryPusher(options) };
  }

  async function copy(key: string, source: string, target: string, digest: ReturnType<typeof makeImage>['digest']) {
    const keyData = (keys.get(key) ?? Buffer.alloc(0)).toString('base64');
    const policy = {
      default: [{ type: 'reject' }],
      transports: {
        docker: { [source]: [{ type: 'sigstoreSigned', keyData, signedIdentity: { type: 'matchRepository' } }] },
      },
    };
    const documents = [
      file('profile.yaml', profile({ canonicalRepositories: [source], bundleIdentity: 'digest' })),
      file('policy.json', JSON.stringify(policy)),
    ];
    const [copied] = await copyAttachments({
      images: [
        {
          digest,
          repository: parseRepository(source),
          place: parseRepository(source),
          to: parseRepository(target),
          names: [],
        },
      ],
      reader: connect(source.split('/', 1)[0] ?? '').reader,
      destination: connect(target.split('/', 1)[0] ?? ''),
      replace: false,
      concurrency: 1,
      prepared: await prepareTrust('acme', documents),
      now: () => new Date(),
      signal,
    });
    return copied?.outcome;
  }

  test.each(rows)(
    '$name: copied by its key alone, and cosign verifies the copy',
    async ({ client, from, to, form, name }) => {
      const repository = name.replaceAll(/[^a-z0-9]+/g, '-');
      const [source, target] = [
        registries.get(`from ${from.name}`)?.host ?? '',
        registries.get(`to ${to.name}`)?.host ?? '',
      ];
      const image = makeImage(name);
      await pushImage(source, image.bytes, repository);
      await pushImage(target, image.bytes, repository);
      const at = (host: string): string => `${host}/${repository}@${image.digest}`;
      await signWithCosign(client, scratch, { image: at(source), key: 'release', form: form satisfies AttachmentForm });
      expect(await copy('other', `${source}/${repository}`, `${target}/${repository}`, image.digest)).toBe('invalid');
      const question = { image: at(target), form };
      expect(await askCosign(client, scratch, { ...question, key: 'release' })).toBe('refused');
      expect(await copy('release', `${source}/${repository}`, `${target}/${repository}`, image.digest)).toBe(
        'complete',
      );
      expect(await askCosign(client, scratch, { ...question, key: 'release' })).toBe('verified');
      expect(await askCosign(client, scratch, { ...question, key: 'other' })).toBe('refused');
    },
    60_000,
  );
});
