import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadTrust } from '../../lib/trust/source/load-trust.ts';
import { type DocumentPublisher, publishDocuments } from '../../local/publish-documents.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { bySecond, bySigner, documentsOf, policyOf, second } from '../verdict/decide/policy-setup.ts';

const LOOK_MS = 10;
let trust = '';
let publisher: DocumentPublisher | undefined;

beforeEach(async () => {
  trust = await mkdtemp(path.join(tmpdir(), 'signet-policy-'));
  await mkdir(path.join(trust, 'acme/keys'), { recursive: true });
  for (const { name, bytes } of documentsOf({ policy: policyOf([bySigner, bySecond]) })) await write(name, bytes);
});
afterEach(async () => {
  await publisher?.close();
  await rm(trust, { recursive: true });
});

const write = (name: string, bytes: Uint8Array | string) => writeFile(path.join(trust, 'acme', name), bytes);

test.each<[string, () => Promise<void>, RegExp]>([
  ['a policy that breaks a rule', () => write('policy.json', '{"default":[]}'), /policy\.json:1: default: /],
  ['a key file that is gone', () => rm(path.join(trust, 'acme/keys/signer.gpg')), /no file keys\/signer\.gpg/],
])('npm start with %s keeps the revision; another key is another revision', async (_, breakIt, fault) => {
  const objects = createMemoryObjectStore();
  const telemetry = createKeptTelemetry();
  publisher = await publishDocuments(trust, objects, telemetry, LOOK_MS);
  const read = async () => (await loadTrust(objects, 'acme', new Date())).trust;
  const before = await read();
  await breakIt();
  await expect.poll(() => JSON.stringify(telemetry.lines)).toContain('trust not published');
  expect(await read()).toEqual(before);
  const said = telemetry.lines.find(({ level }) => level === 'error');
  expect(JSON.stringify(said?.fields['error'])).toMatch(fault);
  for (const { name, bytes } of documentsOf({ policy: policyOf([bySigner, bySecond]) })) await write(name, bytes);
  await write('keys/signer.gpg', second.certificate);
  await expect.poll(async () => (await read()).revision).not.toBe(before.revision);
});

test('npm start with a key file that is none publishes a requirement that nothing meets', async () => {
  const objects = createMemoryObjectStore();
  const telemetry = createKeptTelemetry();
  publisher = await publishDocuments(trust, objects, telemetry, LOOK_MS);
  const read = async () => (await loadTrust(objects, 'acme', new Date())).trust;
  const before = await read();
  expect(JSON.stringify(telemetry.lines)).not.toMatch(/signer\.gpg/);
  await write('keys/signer.gpg', 'x');
  await expect.poll(async () => (await read()).revision).not.toBe(before.revision);
  const warned = telemetry.lines.filter(({ level }) => level === 'warn');
  expect(JSON.stringify(warned)).toMatch(/signer\.gpg/);
});
