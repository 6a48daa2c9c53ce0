import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { parsePullspec } from '../../lib/base/names/reference.ts';
import { createDirectoryReleaseStore } from '../../lib/stores/directory-stores.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { decideImage } from '../../lib/verdict/decide/decide-image.ts';
import type { VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import { toAsked, toRecord } from '../../lib/verdict/records/write-record.ts';
import { writeArmor } from '../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../fixtures/make/message-writer.ts';
import { KEY_CREATED, RELEASE_REPOSITORY, writePayload } from '../fixtures/make/payload.ts';
import { makeRsaKey } from '../fixtures/make/signing-key.ts';
import { runSignet, toOverridden } from '../support/run-signet.ts';
import { untouchedManifests, untouchedStore } from '../support/untouched-store.ts';
import { forge } from '../verdict/attest/attest-setup.ts';

const KEYRING = 'verifier-public-key-acme';
const DAY = 24 * 60 * 60 * 1000;
const [old, next, stranger] = [
  makeRsaKey(2048, KEY_CREATED),
  makeRsaKey(2048, KEY_CREATED),
  makeRsaKey(2048, KEY_CREATED),
];
const armored = (key: typeof old): string =>
  writeArmor(writeCertificate({ primary: key, userId: 'Signet rotation' }), { type: 'PUBLIC KEY BLOCK' });

let work = '';
let trust = '';
let file = '';
const at = (...parts: readonly string[]): string => path.join(work, ...parts);
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-rotation-'));
  await writeFile(at('old.asc'), armored(old));
  await writeFile(at('next.asc'), armored(next) + armored(stranger));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});
beforeEach(async () => {
  trust = await mkdtemp(at('trust-'));
  file = path.join(trust, 'ocp/release-verification.yaml');
  const to = ['--trust', trust, '--profile', 'ocp', '--store', 'https://s.example/x'];
  const { status } = await signet('acme', '--from', 'old.asc', '--fingerprint', old.fingerprint, ...to);
  if (status !== 0) throw new Error('the profile was not written');
});

const signet = async (...args: readonly string[]) => await runSignet(['trust', 'add', ...args], { cwd: work });
const rotate = async (...args: readonly string[]) =>
  await signet('acme', '--trust', trust, '--profile', 'ocp', '--keyring', KEYRING, ...NEXT, ...args);
const NEXT = ['--from', 'next.asc', '--fingerprint', next.fingerprint];

/** What the trust of before made of a release that a key signed, so many days ago. */
async function decide(name: string, key: typeof old, days: number): Promise<VerdictRecord> {
  const hex = Buffer.from(name.padEnd(32, '.')).toString('hex');
  const store = at(`store-${name}`);
  await mkdir(path.join(store, `sha256=${hex}`), { recursive: true });
  const content = writePayload({ digest: `sha256:${hex}`, reference: `${RELEASE_REPOSITORY}:4.99.0-x86_64` });
  await writeFile(path.join(store, `sha256=${hex}`, 'signature-1'), writeRelease(signMessage(key, { content })));
  const pullspec = `${RELEASE_REPOSITORY}@sha256:${hex}`;
  const now = new Date(Date.now() - days * DAY);
  const prepared = await prepareTrust('ocp', [{ name: 'release-verification.yaml', bytes: await readFile(file) }]);
  const decision = await decideImage({ pullspec: parsePullspec(pullspec) }, toReadyTrust(prepared, now), {
    store: createDirectoryReleaseStore(store),
    lookaside: untouchedStore,
    manifests: untouchedManifests,
    now: () => now,
    signal: new AbortController().signal,
  });
  return toRecord(toAsked('cli', pullspec), decision);
}

interface Result {
  readonly isWritten: boolean;
  readonly added: readonly string[];
  readonly leftOut: readonly string[];
  readonly revision: { readonly before: string; readonly after: string };
  readonly impact?: {
    readonly days: number;
    readonly records: number;
    readonly otherwise: readonly { id: string; before: object; after: object }[];
    readonly unchecked: readonly { key: string; fault: string }[];
  };
}

describe('signet trust add --keyring', () => {
  test('adds a key beside the old one, and either may sign', async () => {
    const { status, stdout, stderr } = await rotate('-o', 'json');
    expect([status, stderr]).toEqual([0, '']);
    const { isWritten, added, leftOut, revision } = JSON.parse(stdout) as Result;
    expect([isWritten, added, leftOut]).toEqual([true, [next.fingerprint], [stranger.fingerprint]]);
    expect(revision.before).not.toBe(revision.after);
    const shown = await runSignet(['trust', 'show', '--trust', trust]);
    for (const key of [old, next]) expect(shown.stdout).toContain(`${key.fingerprint}  may sign`);
    expect(shown.stdout).not.toContain(stranger.fingerprint);
    expect(await readdir(path.dirname(file))).toEqual(['release-verification.yaml']);
    // Both before and after: an overlap.
    for (const [name, key] of [
      ['by-old', old],
      ['by-next', next],
    ] as const) {
      expect((await decide(name, key, 0)).verdict.outcome).toBe('accepted');
    }
    expect((await decide('by-stranger', stranger, 0)).verdict.outcome).toBe('rejected');
  });

  test('tells which records of the last 90 days it would decide otherwise, and writes nothing on --dry-run', async () => {
    const records = at('records');
    await mkdir(records);
    const byNext = await decide('by-next', next, 3);
    const swapped = await decide('swapped', next, 4);
    const kept: Readonly<Record<string, unknown>> = {
      old: await decide('by-old', old, 2),
      next: byNext,
      stranger: await decide('by-stranger', stranger, 5),
      ancient: await decide('ancient', next, 91),
      okd: forge(await decide('okd', next, 1), { profile: 'okd' }),
      swapped: { ...swapped, signatures: swapped.signatures.map((one) => ({ ...one, bytes: 'AAAA' })) },
    };
    for (const [name, record] of Object.entries(kept)) {
      await writeFile(path.join(records, `${name}.json`), JSON.stringify(record));
    }
    await writeFile(path.join(records, 'broken.json'), '{');
    const before = await readFile(file);
    const { status, stdout, stderr } = await rotate('--objects', records, '--dry-run', '-o', 'json');
    expect([status, stderr]).toEqual([0, '']);
    const { isWritten, impact } = JSON.parse(stdout) as Result;
    expect([isWritten, await readFile(file)]).toEqual([false, before]);
    expect([impact?.days, impact?.records]).toEqual([90, 4]);
    expect(impact?.otherwise).toEqual([
      {
        id: byNext.id,
        pullspec: byNext.verdict.pullspec,
        decidedAt: byNext.verdict.decidedAt,
        before: { outcome: 'rejected', codes: ['KeyUnknown'] },
        after: { outcome: 'accepted', codes: [] },
      },
    ]);
    expect(impact?.unchecked.map(({ key }) => key)).toEqual(['broken.json', 'swapped.json']);
    const text = (await rotate('--objects', records, '--dry-run')).stdout;
    expect(text).toContain(`would write ${file} (profile ocp, ${KEYRING})`);
    expect(text).toContain('records of the last 90 days: 4, 1 would be decided otherwise, 2 not checked');
    expect(text).toContain(`rejected (KeyUnknown) → accepted  ${byNext.verdict.pullspec}`);
  });

  test('leaves all else in the file as it is', async () => {
    // As in the file of releases, a member stands there twice.
    const twice = 'namespace: openshift-config-managed\n';
    const before = `# ours\n${(await readFile(file, 'utf8')).replace(twice, `${twice}  ${twice}`)}`;
    await writeFile(file, before);
    expect((await rotate()).status).toBe(0);
    const [was, is] = [before, await readFile(file, 'utf8')].map(
      (text) => parse(text, { uniqueKeys: false }) as { data: object },
    );
    expect(await readFile(file, 'utf8')).toMatch(/^# ours\n/);
    expect({ ...is?.data, [KEYRING]: '' }).toEqual({ ...was?.data, [KEYRING]: '' });
  });

  test('of JSON, writes JSON', async () => {
    const json = path.join(trust, 'ocp/release-verification.json');
    await writeFile(json, JSON.stringify(parse(await readFile(file, 'utf8'))));
    await rm(file);
    expect((await rotate()).status).toBe(0);
    expect(Object.keys((JSON.parse(await readFile(json, 'utf8')) as { data: object }).data)).toContain(KEYRING);
  });

  test.each<[name: string, args: readonly string[], fault: string]>([
    ['another keyring', ['--keyring', 'verifier-public-key-other'], 'no ConfigMap with verifier-public-key-other'],
    ['a key that is there', ['--from', 'old.asc', '--fingerprint', old.fingerprint], 'already'],
    ['a fingerprint that the file lacks', ['--fingerprint', 'A'.repeat(40)], `lacks ${'A'.repeat(40)}`],
    ['a store', ['--store', 'https://s.example/y'], '--keyring takes neither'],
    ['a profile that is not there', ['--profile', 'okd'], 'okd'],
    ['records that are not there', ['--objects', 'nowhere'], 'there are no records'],
  ])('refuses %s, and writes nothing', async (_, args, fault) => {
    const before = await readFile(file);
    const base = ['acme', '--trust', trust, '--profile', 'ocp', '--keyring', KEYRING];
    const { status, stderr } = await signet(
      ...toOverridden(base, args),
      ...(args.includes('--from') ? [] : NEXT),
      ...args,
    );
    expect([status, stderr]).toEqual([2, expect.stringContaining(fault)]);
    expect(await readFile(file)).toEqual(before);
  });

  test('refuses a keyring in two files', async () => {
    await writeFile(path.join(trust, 'ocp/second.yaml'), stringify(parse(await readFile(file, 'utf8'))));
    const { status, stderr } = await rotate();
    expect([status, stderr]).toEqual([2, expect.stringContaining('both have')]);
  });

  test('--dry-run and --objects need it', async () => {
    const { status, stderr } = await signet('acme', '--trust', trust, '--dry-run', ...NEXT);
    expect([status, stderr]).toEqual([2, expect.stringContaining('need --keyring')]);
  });
});
