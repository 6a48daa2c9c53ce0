import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { attestationKey, MAX_ATTESTATION_BYTES } from '../../lib/verdict/attest/attest-record.ts';
import { toDecisionRow } from '../../lib/verdict/records/decision-row.ts';
import { recordKey, type VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import { FIXTURE_TRUST, fixtureReleases, readFixtureDocuments } from '../support/fixture-releases.ts';
import { runSignet } from '../support/run-signet.ts';
import { alter, fixtureTrust, forge, makeKey, recordOfRelease, toStored } from '../verdict/attest/attest-setup.ts';

const key = makeKey();
const accepted = await recordOfRelease();
const acceptedToo = await recordOfRelease(fixtureReleases.findLastIndex(({ expected }) => expected === 'accept'));
const rejected = await recordOfRelease(fixtureReleases.findIndex(({ expected }) => expected !== 'accept'));
const digest = parseDigest(`sha256:${'5'.repeat(64)}`);
const pullspec = accepted.verdict.pullspec.replace(/sha256:.*/, digest);
/** Of another image: a decision that its evidence does not lead to. */
const stolen = forge(
  { ...accepted, asked: { ...accepted.asked, pullspec } },
  { pullspec, canonicalPullspec: pullspec, digest },
);

let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'signet-sign-'));
  await writeFile(path.join(scratch, 'key.pem'), key.pem);
  await writeFile(path.join(scratch, 'key.pub'), key.publicPem);
  await writeFile(path.join(scratch, 'other.pub'), makeKey().publicPem);
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

async function makeStore(name: string, records: readonly VerdictRecord[]): Promise<string> {
  const folder = path.join(scratch, name);
  const objects = createDirectoryObjectStore(folder);
  await publishTrust(objects, fixtureTrust.prepared, readFixtureDocuments());
  for (const record of records) await objects.createObject(recordKey(record.id), toStored(record).bytes);
  return folder;
}

const run = async (...args: readonly string[]) => await runSignet(['record', ...args], { cwd: scratch });
const sign = async (...args: readonly string[]) => await run('sign', ...args, '--sign-key', 'key.pem');

describe('signet record sign', () => {
  test('attests what its evidence confirms, beside the record, and says what it left out', async () => {
    const store = await makeStore('store', [accepted, rejected]);
    const before = await readFile(path.join(store, recordKey(accepted.id)));
    const { status, stdout } = await sign(store, '-o', 'json');
    const at = attestationKey(accepted.id, 'svr');
    expect({ status, result: JSON.parse(stdout) as unknown }).toEqual({
      status: 0,
      result: {
        schema: 1,
        signed: [{ id: accepted.id, key: at, result: 'signed' }],
        leftOut: [{ id: rejected.id, why: 'the verdict is rejected' }],
        refused: [],
      },
    });
    expect(await readFile(path.join(store, recordKey(accepted.id)))).toEqual(before);
    expect((await sign(store)).stdout).toContain(`held  ${accepted.id}`);
    expect((await run('verify', store)).stdout).toContain('2 records: 2 confirmed');
  });

  test('what cannot be read in the place of one attestation keeps no other record from being signed', async () => {
    const records = [accepted, acceptedToo];
    for (const blocked of records) {
      const store = await makeStore(`blocked-${blocked.id}`, records);
      const at = attestationKey(blocked.id, 'svr');
      await createDirectoryObjectStore(store).createObject(at, Buffer.alloc(MAX_ATTESTATION_BYTES + 1));
      const { status, stdout } = await sign(store, '-o', 'json');
      const others = records.filter(({ id }) => id !== blocked.id);
      expect([status, JSON.parse(stdout)]).toMatchObject([
        1,
        {
          signed: others.map(({ id }) => ({ id, result: 'signed' })),
          refused: [{ key: recordKey(blocked.id), fault: expect.stringContaining(`${at} is in the way`) as unknown }],
        },
      ]);
    }
  });

  test('what is no record hides no other of a list', async () => {
    const store = await makeStore('listed', [accepted, acceptedToo]);
    const rows = [accepted, acceptedToo].map((record) => toDecisionRow(record));
    await writeFile(path.join(scratch, 'page.json'), JSON.stringify({ verdicts: rows }));
    await writeFile(path.join(store, recordKey(accepted.id)), 'junk');
    const { status, stdout } = await run('verify', 'page.json', '--objects', store, '-o', 'json');
    expect([status, JSON.parse(stdout)]).toMatchObject([
      1,
      {
        checked: 2,
        confirmed: 1,
        unchecked: [{ key: 'verdicts[0]', fault: expect.stringContaining('JSON') as unknown }],
      },
    ]);
  });

  test.each<[name: string, record: VerdictRecord, fault: string]>([
    ['a record that somebody planted for another image', stolen, 'outcome'],
    ['a revision that was not published', forge(accepted, { trustRevision: '7'.repeat(64) }), 'revision'],
  ])('signs nothing for %s, exit 1', async (name, record, fault) => {
    const store = await makeStore(name, [record]);
    const { status, stdout } = await sign(store);
    expect(status).toBe(1);
    expect(stdout).toContain(`refused  ${recordKey(record.id)}: `);
    expect(stdout).toContain(fault);
    expect((await run('attest', record.id, '--from', store)).status).toBe(1);
  });

  test('signs a file of a record, and leaves a rejected one out, exit 1', async () => {
    await writeFile(path.join(scratch, 'accepted.json'), JSON.stringify(accepted));
    await writeFile(path.join(scratch, 'rejected.json'), JSON.stringify(rejected));
    const signed = await sign('accepted.json', '--trust', FIXTURE_TRUST, '--form', 'vsa');
    expect(signed).toMatchObject({ status: 0, stderr: '' });
    expect(signed.stdout).toContain('accepted.vsa.dsse.json');
    expect((await run('attest', 'accepted.vsa.dsse.json', '--form', 'vsa', '--key', 'key.pub')).status).toBe(0);
    const refused = await sign('rejected.json', '--trust', FIXTURE_TRUST);
    expect(refused).toMatchObject({ status: 1, stdout: expect.stringContaining('left out') as string });
  });

  test.each<[name: string, args: readonly string[], said: string]>([
    ['no key', ['sign', 'store'], "required option '--sign-key <file|arn>'"],
    ['a key that is none', ['sign', '.', '--sign-key', 'key.pub'], 'expected one PEM block, PRIVATE KEY'],
    ['a file without trust', ['sign', 'key.pub', '--sign-key', 'key.pem'], 'name the trust with --trust or --objects'],
    ['another form', ['sign', '.', '--sign-key', 'key.pem', '--form', 'slsa'], 'Allowed choices are svr, vsa'],
    ['an id without a place', ['attest', 'a'.repeat(64)], 'name where the record is with --from'],
    ['a place without an id', ['attest', 'abc', '--from', '.'], '"abc" is no id of a record'],
  ])('is a wrong call, exit 2: %s', async (_, args, said) => {
    const { status, stderr } = await run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(said);
  });
});

describe('signet record attest', () => {
  async function attest(...args: readonly string[]) {
    return await run('attest', accepted.id, '--from', 'attested', ...args);
  }
  beforeAll(async () => {
    await sign(await makeStore('attested', [accepted, rejected]));
  });

  test('prints the envelope, the statement or a bundle', async () => {
    const envelope = await readFile(path.join(scratch, 'attested', attestationKey(accepted.id, 'svr')), 'utf8');
    expect(await attest('--key', 'key.pub')).toEqual({ status: 0, stdout: envelope, stderr: '' });
    expect((await attest('--as', 'statement')).stdout).toContain('"SIGNET_ACCEPTED"');
    expect((await attest('--as', 'bundle', '--key', 'key.pub')).stdout).toContain('sigstore.bundle.v0.3+json');
    expect(await attest('--as', 'bundle')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--as bundle needs --key') as string,
    });
  });

  test.each<[name: string, args: () => Promise<readonly string[]>, said: string]>([
    ['another key', async () => [accepted.id, '--from', 'attested', '--key', 'other.pub'], 'SignatureInvalid'],
    ['no attestation of this form', async () => [accepted.id, '--from', 'attested', '--form', 'vsa'], 'there is no'],
    ['a rejected record', async () => [rejected.id, '--from', 'attested'], 'there is no attestation'],
    ['an altered one', async () => [await writeAltered(), '--key', 'key.pub'], 'SignatureInvalid'],
    ['one of another record in its place', misplace, `is of the record ${accepted.id}`],
  ])('says no, exit 1: %s', async (_, args, said) => {
    const { status, stderr } = await run('attest', ...(await args()));
    expect({ status, said: stderr }).toEqual({ status: 1, said: expect.stringContaining(said) as string });
  });

  async function writeAltered(): Promise<string> {
    const envelope = await readFile(path.join(scratch, 'attested', attestationKey(accepted.id, 'svr')));
    await writeFile(path.join(scratch, 'altered.json'), alter(envelope));
    return 'altered.json';
  }

  /** Whoever may write there can put the attestation of one record at another. */
  async function misplace(): Promise<readonly string[]> {
    const from = path.join(scratch, 'attested', path.dirname(attestationKey(accepted.id, 'svr')));
    await cp(from, path.join(scratch, 'attested', path.dirname(attestationKey(rejected.id, 'svr'))), {
      recursive: true,
    });
    return [rejected.id, '--from', 'attested', '--key', 'key.pub'];
  }
});
