import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type Caller,
  findCluster,
  parseAdmissionCredentials,
} from '../../../lib/cluster/admission/admission-credentials.ts';
import { MAX_CREDENTIALS_BYTES } from '../../../lib/platform/secrets/webhook-credentials.ts';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const HUB = { cluster: 'hub', profile: 'ocp', tokenSha256: sha256('token of the hub') };
const NEW = { ...HUB, tokenSha256: sha256('new token of the hub') };
const EDGE = { cluster: 'edge', tokenSha256: sha256('token of the edge') };
const write = (...clusters: readonly object[]): string => JSON.stringify({ schema: 1, clusters });
const from = (caller: Partial<Caller>): Caller => ({
  token: undefined,
  certificateNames: [],
  address: '192.0.2.7',
  ...caller,
});

describe('a token', () => {
  test.each([
    ['of a cluster', 'token of the hub', HUB],
    ['that takes its place', 'new token of the hub', NEW],
    ['of another cluster', 'token of the edge', EDGE],
    ['of none', 'token of the hub ', undefined],
    ['that is a hash', HUB.tokenSha256, undefined],
    ['that is empty', '', undefined],
    ['that is missing', undefined, undefined],
  ])('%s', (_, token, expected) => {
    expect(findCluster(from({ token }), parseAdmissionCredentials(write(HUB, NEW, EDGE)))).toEqual(expected);
  });

  test('nobody is let in by an empty list', () => {
    expect(findCluster(from({ token: 'token of the hub' }), parseAdmissionCredentials(write()))).toBeUndefined();
  });
});

describe('a caller', () => {
  const pinned = { ...HUB, addresses: ['192.0.2.0/29', '2001:db8::/32'] };
  const both = { ...HUB, clientNames: ['api.hub'] };
  const named = { cluster: 'inside', clientNames: ['front-proxy-client', 'aggregator'] };
  const open = { cluster: 'open', anonymous: true, addresses: ['10.0.0.1'] };
  const token = 'token of the hub';

  test.each<[name: string, entry: object, caller: Partial<Caller>, isKnown: boolean]>([
    ['with the token, from an address that is given', pinned, { token }, true],
    ['from an IPv6 network that is given', pinned, { token, address: '2001:db8::7' }, true],
    ['from IPv4, as an IPv6 socket says it', pinned, { token, address: '::ffff:192.0.2.7' }, true],
    ['from the first address after the network', pinned, { token, address: '192.0.2.8' }, false],
    ['from no address', pinned, { token, address: '' }, false],
    ['from the address alone', pinned, {}, false],
    ['with token and certificate', both, { token, certificateNames: ['api.hub'] }, true],
    ['with the token alone, where a certificate is wanted too', both, { token }, false],
    ['with the certificate alone, where a token is wanted too', both, { certificateNames: ['api.hub'] }, false],
    ['with a certificate', named, { certificateNames: ['x', 'aggregator'] }, true],
    ['with a certificate of another name', named, { certificateNames: ['aggregator.evil'] }, false],
    ['without a certificate', named, {}, false],
    ['with a certificate, and a token of nobody', named, { token: 'x', certificateNames: ['aggregator'] }, false],
    ['who shows nothing, where that is allowed', open, { address: '10.0.0.1' }, true],
    ['who shows a wrong token where nothing is asked for', open, { token: '', address: '10.0.0.1' }, false],
    ['who shows nothing, from elsewhere', open, {}, false],
  ])('%s', (_, entry, caller, isKnown) => {
    const found = findCluster(from(caller), parseAdmissionCredentials(write(entry)));
    expect(found !== undefined).toBe(isKnown);
  });
});

describe('credentials are refused, and nothing of them is told', () => {
  test.each([
    ['no JSON', `{"clusters": secret`, 'DocumentInvalid'],
    ['a member twice', '{"schema":1,"schema":1,"clusters":[]}', 'DocumentInvalid'],
    ['another schema', JSON.stringify({ schema: 2, clusters: [] }), 'DocumentInvalid'],
    ['a token instead of its hash', write({ cluster: 'secret', tokenSha256: 'secret' }), 'DocumentInvalid'],
    ['an upper-case hash', write({ ...HUB, tokenSha256: HUB.tokenSha256.toUpperCase() }), 'DocumentInvalid'],
    ['a member too many', write({ ...HUB, token: 'secret' }), 'DocumentInvalid'],
    ['a member called as the token', write({ ...HUB, secret: '' }), 'DocumentInvalid'],
    ['an array for the whole', JSON.stringify([]), 'DocumentInvalid'],
    ['no cluster', write({ ...HUB, cluster: '' }), 'DocumentInvalid'],
    ['a profile that is a path', write({ ...HUB, profile: '../secret' }), 'DocumentInvalid'],
    ['neither token nor name', write({ cluster: 'secret' }), 'DocumentInvalid'],
    ['an address alone', write({ cluster: 'secret', addresses: ['192.0.2.1'] }), 'DocumentInvalid'],
    ['anybody, by a token', write({ ...HUB, anonymous: true }), 'DocumentInvalid'],
    ['nobody by name', write({ cluster: 'secret', clientNames: [] }), 'DocumentInvalid'],
    ['a name that is empty', write({ cluster: 'secret', clientNames: [''] }), 'DocumentInvalid'],
    ['a network that is none', write({ ...HUB, addresses: ['192.0.2.0/33'] }), 'DocumentInvalid'],
    ['a host for an address', write({ ...HUB, addresses: ['secret.example'] }), 'DocumentInvalid'],
    ['one token of two clusters', write(HUB, { ...HUB, cluster: 'secret' }), 'DocumentInvalid'],
    ['a document too long', write().padEnd(MAX_CREDENTIALS_BYTES + 1), 'LimitExceeded'],
  ])('%s', (_, text, code) => {
    expect(() => parseAdmissionCredentials(text)).toThrow(expect.objectContaining({ code }) as Error);
    expect(() => parseAdmissionCredentials(text)).not.toThrow(/secret|[0-9a-f]{64}/i);
  });
});
