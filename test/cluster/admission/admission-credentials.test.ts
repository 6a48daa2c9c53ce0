import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { findCluster, parseAdmissionCredentials } from '../../../lib/cluster/admission/admission-credentials.ts';
import { MAX_CREDENTIALS_BYTES } from '../../../lib/platform/secrets/webhook-credentials.ts';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const HUB = { cluster: 'hub', profile: 'ocp', tokenSha256: sha256('token of the hub') };
const NEW = { ...HUB, tokenSha256: sha256('new token of the hub') };
const EDGE = { cluster: 'edge', tokenSha256: sha256('token of the edge') };
const write = (...clusters: readonly object[]): string => JSON.stringify({ schema: 1, clusters });

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
    expect(findCluster(token, parseAdmissionCredentials(write(HUB, NEW, EDGE)))).toEqual(expected);
  });

  test('nobody is let in by an empty list', () => {
    expect(findCluster('token of the hub', parseAdmissionCredentials(write()))).toBeUndefined();
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
    ['one token of two clusters', write(HUB, { ...HUB, cluster: 'secret' }), 'DocumentInvalid'],
    ['a document too long', write().padEnd(MAX_CREDENTIALS_BYTES + 1), 'LimitExceeded'],
  ])('%s', (_, text, code) => {
    expect(() => parseAdmissionCredentials(text)).toThrow(expect.objectContaining({ code }) as Error);
    expect(() => parseAdmissionCredentials(text)).not.toThrow(/secret|[0-9a-f]{64}/i);
  });
});
