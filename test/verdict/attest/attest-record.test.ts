import { describe, expect, test } from 'vitest';
import { signEnvelope } from '../../../lib/crypto/attestation/envelope.ts';
import { STATEMENT_TYPE } from '../../../lib/crypto/sigstore/statement.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import {
  attestationKey,
  attestRecord,
  MAX_ATTESTATION_BYTES,
  openAttestation,
  readAttestation,
} from '../../../lib/verdict/attest/attest-record.ts';
import { recordKey } from '../../../lib/verdict/records/verdict-record.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { alter, confirmed, makeKey, recordOfRelease, toStored } from './attest-setup.ts';

const record = await recordOfRelease();
const stored = toStored(record);
const at = attestationKey(record.id, 'svr');
const key = makeKey();

const attest = async (objects: ObjectStore, signer = key.signer) =>
  (await attestRecord({ objects, key: at, stored, form: 'svr', signer, findFault: confirmed })).kind;
const read = async (objects: ObjectStore) => (await readAttestation(objects, record.id, 'svr')) ?? new Uint8Array();

describe('the attestation of a record', () => {
  test.each(['P-256', 'Ed25519'] as const)('by %s: signed once, and the record stays as it is', async (kind) => {
    const own = makeKey(kind);
    const objects = createMemoryObjectStore([[recordKey(record.id), stored.bytes]]);
    expect(await attest(objects, own.signer)).toBe('signed');
    const first = await read(objects);
    expect(await attest(objects, own.signer)).toBe('held');
    expect(await read(objects)).toEqual(first);
    expect((await objects.readObject(recordKey(record.id), 1e6))?.bytes).toEqual(stored.bytes);
    expect(openAttestation(first, [own.publicKey])).toMatchObject({ form: 'svr', digests: [record.verdict.digest] });
  });

  test.each<[name: string, change: (envelope: Uint8Array) => Promise<Uint8Array> | Uint8Array, fault: RegExp]>([
    ['altered', alter, /not by the key/],
    ['by another key', async () => await made(async (objects) => await attest(objects, makeKey().signer)), /not by/],
    ['of another type', async () => await envelopeOf('text/plain', '{}'), /its payload is "text\/plain"/],
    ['of another predicate', async () => await envelopeOf(STATEMENT_TYPE, STRANGE), /which Signet does not write/],
    ['without a signature', (one) => change(one, { signatures: [] }), /has not one signature/],
    ['with two signatures', (one) => change(one, { signatures: [{ sig: '' }, { sig: '' }] }), /has not one signature/],
    ['with an unknown member', (one) => change(one, { more: 1 }), /unknown member "more"/],
    ['with a payload that is not base64', (one) => change(one, { payload: '*' }), /payload is not base64/],
    ['not JSON', () => Buffer.from('signed'), /not strict JSON/],
  ])('is refused: %s', async (_, alterBy, fault) => {
    const envelope = await made(attest);
    const bad = await alterBy(envelope);
    expect(() => openAttestation(bad, [key.publicKey])).toThrow(fault);
    expect(() => openAttestation(envelope, [key.publicKey])).not.toThrow();
  });

  test('is refused without a key to verify it by', async () => {
    const envelope = await made(attest);
    expect(() => openAttestation(envelope, [])).toThrow('there is no key');
  });

  test.each<[name: string, content: () => Promise<Uint8Array> | Uint8Array]>([
    ['junk', () => Buffer.from('junk')],
    ['an altered one', async () => alter(await made(attest))],
    ['one by a former key', async () => await made(async (objects) => await attest(objects, makeKey().signer))],
  ])('is written in place of %s', async (_, content) => {
    const objects = createMemoryObjectStore([[at, await content()]]);
    expect(await attest(objects)).toBe('replaced');
    expect(openAttestation(await read(objects), [key.publicKey]).form).toBe('svr');
  });

  test('says what is in its way, longer than any attestation', async () => {
    const objects = createMemoryObjectStore([[at, new Uint8Array(MAX_ATTESTATION_BYTES + 1)]]);
    const result = await attestRecord({
      objects,
      key: at,
      stored,
      form: 'svr',
      signer: key.signer,
      findFault: confirmed,
    });
    expect(result).toEqual({ kind: 'obstructed', fault: expect.stringContaining(`${at} is in the way`) as unknown });
  });

  test('is not made of a record that its evidence does not confirm', async () => {
    const objects = createMemoryObjectStore();
    const unused = { ...key.signer, sign: async () => await Promise.reject(new Error('nothing is signed')) };
    const findFault = async () => await Promise.resolve('outcome differs');
    const result = await attestRecord({ objects, key: at, stored, form: 'svr', signer: unused, findFault });
    expect(result).toEqual({ kind: 'refused', fault: 'outcome differs' });
    expect(await readAttestation(objects, record.id, 'svr')).toBeUndefined();
  });

  test('is one when two writers sign at a time', async () => {
    const objects = createMemoryObjectStore();
    const results = await Promise.all([attest(objects), attest(objects)]);
    expect(results.toSorted()).toEqual(['held', 'signed']);
  });

  test('is given up for now when somebody else writes it each time', async () => {
    const objects = createMemoryObjectStore();
    const racing: ObjectStore = { ...objects, replaceObject: async () => await Promise.resolve(false) };
    expect(await attest(racing)).toBe('obstructed');
  });
});

const STRANGE = JSON.stringify({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [],
  predicateType: 'https://slsa.dev/provenance/v1',
});

async function made(by: (objects: ObjectStore) => Promise<unknown>): Promise<Uint8Array> {
  const objects = createMemoryObjectStore();
  await by(objects);
  return await read(objects);
}

async function envelopeOf(payloadType: string, payload: string): Promise<Uint8Array> {
  return Buffer.from(await signEnvelope({ payloadType, payload: Buffer.from(payload) }, key.signer.sign));
}

function change(envelope: Uint8Array, members: object): Uint8Array {
  return Buffer.from(JSON.stringify({ ...(JSON.parse(Buffer.from(envelope).toString()) as object), ...members }));
}
