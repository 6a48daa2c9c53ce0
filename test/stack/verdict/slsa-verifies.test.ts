import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attestationKey, attestRecord } from '../../../lib/verdict/attest/attest-record.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { findTool } from '../../support/tools.ts';
import { alter, confirmed, makeKey, recordOfRelease, toStored } from '../../verdict/attest/attest-setup.ts';

const run = promisify(execFile);
const program = findTool('slsa-verifier') ?? '';

describe.skipIf(program === '')('slsa-verifier verify-vsa', () => {
  let scratch = '';
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), 'signet-vsa-'));
  });
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });

  async function makeSummary(change: (envelope: Uint8Array) => Uint8Array) {
    const key = makeKey();
    const stored = toStored(await recordOfRelease());
    const objects = createMemoryObjectStore();
    const at = attestationKey(stored.record.id, 'vsa');
    await attestRecord({ objects, key: at, stored, form: 'vsa', signer: key.signer, findFault: confirmed });
    const envelope = (await objects.readObject(at, 64 * 1024))?.bytes ?? new Uint8Array();
    await writeFile(path.join(scratch, 'vsa.json'), change(envelope));
    await writeFile(path.join(scratch, 'key.pub'), key.publicPem);
    await writeFile(path.join(scratch, 'other.pub'), makeKey().publicPem);
    const { digest = '', pullspec, verifierVersion } = stored.record.verdict;
    return {
      '--subject-digest': digest,
      '--attestation-path': path.join(scratch, 'vsa.json'),
      '--verifier-id': `urn:signet:verifier:${verifierVersion.replace('signet/', '')}`,
      '--resource-uri': `oci://${pullspec}`,
      '--public-key-path': path.join(scratch, 'key.pub'),
    };
  }

  async function ask(options: Readonly<Record<string, string>>): Promise<string> {
    const env = { PATH: process.env['PATH'], HOME: scratch, SLSA_VERIFIER_EXPERIMENTAL: '1' };
    return await run(program, ['verify-vsa', ...Object.entries(options).flat()], { env }).then(
      ({ stderr }) => stderr.trim(),
      (error: unknown) => String(error),
    );
  }

  const same = (envelope: Uint8Array): Uint8Array => envelope;
  test.each<[name: string, change: typeof same, options: Readonly<Record<string, string>>, said: RegExp]>([
    ['a summary as it was signed', same, {}, /^Verifying VSA: PASSED$/m],
    ['an altered one', alter, {}, /no valid signature/],
    ['another key', same, { '--public-key-path': 'other.pub' }, /no valid signature/],
    ['a build level, which is never claimed', same, { '--verified-level': 'SLSA_BUILD_LEVEL_1' }, /level/],
    ['another image', same, { '--subject-digest': `sha256:${'0'.repeat(64)}` }, /expected digest not found/],
  ])('%s', async (_, change, options, said) => {
    const given = { ...(await makeSummary(change)), ...options };
    const key = path.resolve(scratch, given['--public-key-path']);
    expect(await ask({ ...given, '--public-key-path': key })).toMatch(said);
  });
});
