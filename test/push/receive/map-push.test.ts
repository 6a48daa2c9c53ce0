import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { parseDistributionWebhook } from '../../../lib/push/receive/parse/parse-distribution-webhook.ts';
import { parseQuayWebhook } from '../../../lib/push/receive/parse/parse-quay-webhook.ts';
import type { ParsedEvent } from '../../../lib/push/receive/parse/push.ts';
import { mapPush } from '../../../lib/push/receive/queue-pushes.ts';
import { DISTRIBUTION_EVENT, QUAY, replaceMember } from './parse/samples.ts';

const OCP = parseRepository('quay.io/openshift-release-dev/ocp-release');
const quay = (docker_url: string): ParsedEvent => parseQuayWebhook({ ...QUAY, docker_url });
const notified = (host: string): ParsedEvent =>
  parseDistributionWebhook({ events: [replaceMember(DISTRIBUTION_EVENT, 'request.host', host)] });

const PROFILES = [
  {
    profile: 'ocp',
    pushSources: [
      { source: 'quay', registry: 'quay.io', repository: 'ns/name', mirrorOf: OCP },
      // Records are checked against the first entry for a repository; this one is never reached.
      { source: 'quay', registry: 'quay.io', repository: 'ns/name' },
    ],
  },
  {
    profile: 'own',
    pushSources: [
      { source: 'quay', registry: 'quay.io', repository: 'ns/name' },
      { source: 'quay', registry: 'quay.example.com:8443', repository: 'ns/name' },
      { source: 'distribution', registry: 'registry.example.com', repository: 'team/hello-world' },
    ],
  },
  { profile: 'none', pushSources: [] },
];

describe('mapPush', () => {
  const both = [{ profile: 'ocp', mirrorOf: OCP }, { profile: 'own' }];
  test.each<[string, ParsedEvent, unknown]>([
    ['to each profile that names it, once', quay('quay.io/ns/name'), both],
    ['whatever the case of the host', quay('QUAY.io/ns/name'), both],
    ['with the default port', quay('quay.io:443/ns/name'), both],
    ['with the port that is named', quay('quay.example.com:8443/ns/name'), [{ profile: 'own' }]],
    ['without it', quay('quay.example.com/ns/name'), []],
    ['with another port', quay('quay.io:8443/ns/name'), []],
    ['a longer host', quay('quay.io.evil.example/ns/name'), []],
    ['a host before it', quay('evil.quay.io/ns/name'), []],
    ['a longer path', quay('quay.io/ns/name/x'), []],
    ['a longer name', quay('quay.io/ns/names'), []],
    ['a shorter path', quay('quay.io/ns'), []],
    ['the path within another', quay('quay.io/x/ns/name'), []],
    ['told by the source that is named', notified('Registry.Example.com:443'), [{ profile: 'own' }]],
    [
      'told by another source',
      parseDistributionWebhook({
        events: [
          replaceMember(replaceMember(DISTRIBUTION_EVENT, 'request.host', 'quay.io'), 'target.repository', 'ns/name'),
        ],
      }),
      [],
    ],
  ])('%s', (_, event, expected) => {
    const [push] = event.kind === 'pushes' ? event.pushes : [];
    expect(push).toBeDefined();
    expect(push === undefined ? undefined : mapPush(push, PROFILES)).toEqual(expected);
    expect(push === undefined ? undefined : mapPush(push, [])).toEqual([]);
  });
});
