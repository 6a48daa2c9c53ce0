import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { attachAttestation } from '../../../lib/mirror/sigstore/attach-attestation.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import { createRegistryClient } from '../../../lib/registry/client/registry-client.ts';
import { createRegistryPusher } from '../../../lib/registry/client/registry-pusher.ts';
import { attestationKey, attestRecord } from '../../../lib/verdict/attest/attest-record.ts';
import { type AttestationForm, PREDICATES } from '../../../lib/verdict/attest/statement.ts';
import { makeImage, pushImage } from '../../mirror/check/mirror-setup.ts';
import { startReferrersRegistry } from '../../registry/client/start-referrers-registry.ts';
import { startRegistry } from '../../registry/client/start-registry.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { findTool } from '../../support/tools.ts';
import { alter, confirmed, makeKey, ofImage, recordOfRelease, toStored } from '../../verdict/attest/attest-setup.ts';

const run = promisify(execFile);
const referrers = findTool('referrers-registry');
const debian = findTool('docker-registry');
const two = findTool('cosign-2');
const three = findTool('cosign-3');

/** What both versions say of a signature that does not verify. */
const REFUSED = /^refused: .*could not verify envelope/s;

interface Registry {
  readonly host: string;
  stop(): Promise<void>;
}

const registries: readonly { name: string; start: () => Promise<Registry> }[] = [
  ...(referrers === undefined
    ? []
    : [{ name: 'with referrers', start: async () => await startReferrersRegistry(referrers) }]),
  ...(debian === undefined ? [] : [{ name: 'without', start: async () => await startRegistry(debian) }]),
];
const clients = [
  ...(two === undefined ? [] : [{ version: 2, program: two }]),
  ...(three === undefined ? [] : [{ version: 3, program: three }]),
];
const rows = registries.flatMap((registry) =>
  clients.flatMap((client) =>
    (['P-256', 'Ed25519'] as const).flatMap((kind) =>
      (['svr', 'vsa'] as const).map((form) => ({
        name: `${form} by ${kind}, a registry ${registry.name}, cosign ${client.version}`,
        registry,
        client,
        kind,
        form,
      })),
    ),
  ),
);

describe.skipIf(rows.length === 0)('cosign verify-attestation', () => {
  const hosts = new Map<string, Registry>();
  const http = createHttpClient({ allowPrivateAddresses: true });
  const accepted = recordOfRelease();
  let scratch = '';

  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'signet-attest-'));
    const root = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}';
    await writeFile(path.join(scratch, 'root.json'), root);
    for (const { name, start } of registries) hosts.set(name, await start());
  });
  afterAll(async () => {
    http.close();
    for (const registry of hosts.values()) await registry.stop();
    await rm(scratch, { recursive: true, force: true });
  });

  async function ask(client: (typeof clients)[number], image: string, form: AttestationForm, key: string) {
    const format = client.version === 2 ? ['--new-bundle-format', '--private-infrastructure'] : [];
    const args = ['verify-attestation', '--key', key, '--type', PREDICATES[form], '--insecure-ignore-tlog=true'];
    const env = { PATH: process.env['PATH'], HOME: scratch };
    return await run(client.program, [...args, ...format, '--trusted-root', 'root.json', image], {
      cwd: scratch,
      env,
    }).then(
      ({ stdout }) => stdout,
      (error: unknown) => `refused: ${String(error)}`,
    );
  }

  test.each(rows)(
    '$name: accepted by its key, an altered one and another key refused',
    async ({ name, registry, client, kind, form }) => {
      const host = hosts.get(registry.name)?.host ?? '';
      const options = { http, allowedHosts: [host], plainHttpHosts: [host] };
      const destination = { reader: createRegistryClient(options), pusher: createRegistryPusher(options) };
      const key = makeKey(kind);
      const slug = name.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase();
      await writeFile(path.join(scratch, `${slug}.pub`), key.publicPem);
      await writeFile(path.join(scratch, `${slug}.other.pub`), makeKey(kind).publicPem);
      const attach = async (repository: string, change: (envelope: Uint8Array) => Uint8Array) => {
        const image = makeImage(repository);
        await pushImage(host, image.bytes, repository);
        const place = `${host}/${repository}`;
        const objects = createMemoryObjectStore();
        const stored = toStored(ofImage(await accepted, place, image.digest));
        const at = attestationKey(stored.record.id, form);
        await attestRecord({ objects, key: at, stored, form, signer: key.signer, findFault: confirmed });
        const envelope = change((await objects.readObject(at, 64 * 1024))?.bytes ?? new Uint8Array());
        const attestation = { envelope, predicateType: PREDICATES[form], key: key.publicKey };
        const { signal } = new AbortController();
        const target = { place: parseRepository(place), digest: image.digest };
        expect(await attachAttestation(attestation, target, destination, signal)).toBe('copied');
        expect(await attachAttestation(attestation, target, destination, signal)).toBe('held');
        return `${place}@${image.digest}`;
      };
      const good = await attach(slug, (envelope) => envelope);
      expect(await ask(client, good, form, `${slug}.pub`)).toContain('"payloadType":"application/vnd.in-toto+json"');
      expect(await ask(client, good, form, `${slug}.other.pub`)).toMatch(REFUSED);
      const altered = await attach(`${slug}-altered`, alter);
      expect(await ask(client, altered, form, `${slug}.pub`)).toMatch(REFUSED);
    },
    60_000,
  );
});
