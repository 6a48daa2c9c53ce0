import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { Push } from '../../../lib/push/receive/parse/push.ts';
import { PushMessageSchema, toPushBody } from '../../../lib/push/receive/push-message.ts';
import { type Body, DIGEST, replaceMember } from './parse/samples.ts';

const PUSH: Push = {
  source: 'quay',
  registry: 'quay.io',
  repository: 'ns/name',
  digest: parseDigest(DIGEST),
  tag: 'latest',
  occurredAt: '2020-04-15T03:45:08.000Z',
  eventId: 'e1',
};
const MAPPING = { profile: 'ocp', mirrorOf: parseRepository('quay.io/openshift-release-dev/ocp-release') };
const MESSAGE: Body = { schema: 1, ...MAPPING, push: PUSH };

describe('the push queue’s body', () => {
  test.each<[string, typeof MAPPING | { profile: string }, Push]>([
    ['whole', MAPPING, PUSH],
    ['no more than it needs', { profile: 'own' }, { source: 'ecr', registry: 'r.example', repository: 'a', tag: 't' }],
    ['a referrer', MAPPING, { ...PUSH, tag: undefined, referrer: true }],
  ])('is read as it was written: %s', (_, mapping, push) => {
    expect(v.parse(PushMessageSchema, JSON.parse(toPushBody(mapping, push)))).toEqual({ schema: 1, ...mapping, push });
  });

  test.each<[string, string, unknown]>([
    ['a newer schema', 'schema', 2],
    ['no profile', 'profile', undefined],
    ['a profile that is a path', 'profile', '../ocp'],
    ['a mirrored repository in capitals', 'mirrorOf', 'QUAY.io/a/b'],
    ['a mirrored repository with a tag', 'mirrorOf', 'quay.io/a/b:c'],
    ['an unknown member', 'more', 1],
    ['no push', 'push', undefined],
    ['an array for the push', 'push', []],
    ['an unknown member of the push', 'push.more', 1],
    ['an unknown source', 'push.source', 'gitlab'],
    ['a host in capitals', 'push.registry', 'Quay.io'],
    ['a host with a path', 'push.registry', 'quay.io/'],
    ['no host', 'push.registry', ''],
    ['a repository that climbs', 'push.repository', '../x'],
    ['a repository with a digest', 'push.repository', `a@${DIGEST}`],
    ['a repository with a tag', 'push.repository', 'a:b'],
    ['a digest that is none', 'push.digest', 'sha256:1'],
    ['a tag that is none', 'push.tag', 'a/b'],
    ['a tag that is a number', 'push.tag', 1],
    ['an empty tag', 'push.tag', ''],
    ['a time that is none', 'push.occurredAt', 'now'],
    ['a time on no day', 'push.occurredAt', '2020-02-30T03:45:08Z'],
    ['a time at no hour', 'push.occurredAt', '2020-04-15T25:45:08Z'],
    ['a time after a space', 'push.occurredAt', '2020-04-15 03:45:08Z'],
    ['a time in no time zone', 'push.occurredAt', '2020-04-15T03:45:08'],
    ['an empty event', 'push.eventId', ''],
    ['referrer: false', 'push.referrer', false],
  ])('is refused with %s', (_, path, value) => {
    expect(v.safeParse(PushMessageSchema, MESSAGE).success).toBe(true);
    expect(v.safeParse(PushMessageSchema, replaceMember(MESSAGE, path, value)).success).toBe(false);
  });

  test('is refused with neither digest nor tag', () => {
    const without = replaceMember(replaceMember(MESSAGE, 'push.digest', undefined), 'push.tag', undefined);
    expect(v.safeParse(PushMessageSchema, without).success).toBe(false);
  });
});
