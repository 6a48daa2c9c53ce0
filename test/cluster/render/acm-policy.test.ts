import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../../lib/base/documents/json-value.ts';
import { listPolicyObjects } from '../../../lib/cluster/objects/policy-objects.ts';
import { MAX_POLICY_BYTES, toAcmPolicy } from '../../../lib/cluster/render/acm-policy.ts';

const API = 'policy.open-cluster-management.io/v1';
const OPTIONS = { name: 'signatures', namespace: 'policies', remediation: 'enforce', labels: {} } as const;

const configMap = (content: object = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'b' },
  ...content,
});
const source = (content: JsonObject) => ({ content, file: 'a.yaml', line: 3 });

describe('what stands in a policy', () => {
  const policy = (...definitions: readonly JsonObject[]): JsonObject => ({
    apiVersion: API,
    kind: 'Policy',
    metadata: { name: 'p', namespace: 'hub' },
    spec: { 'policy-templates': definitions.map((objectDefinition) => ({ objectDefinition })) },
  });
  const configuration = (...templates: readonly JsonObject[]): JsonObject => ({
    apiVersion: API,
    kind: 'ConfigurationPolicy',
    metadata: { name: 'c' },
    spec: { 'object-templates': [...templates] },
  });
  const template = (objectDefinition: JsonValue, complianceType: string = 'musthave'): JsonObject => ({
    complianceType,
    objectDefinition,
  });

  test.each<[name: string, content: JsonObject, within: readonly string[]]>([
    ['a Policy', policy(configuration(template(configMap()))), ['Policy hub/p']],
    [
      'several templates',
      policy(configuration(template(configMap()), template(configMap()))),
      ['Policy hub/p', 'Policy hub/p'],
    ],
    ['a ConfigurationPolicy alone', configuration(template(configMap())), ['ConfigurationPolicy c']],
    [
      'a Policy in a Policy',
      policy(configuration(template(policy(configuration(template(configMap())))))),
      ['Policy hub/p'],
    ],
    ['what only has to be so', configuration(template(configMap(), 'mustonlyhave')), ['ConfigurationPolicy c']],
    ['what is taken away', configuration(template(configMap(), 'MustNotHave')), []],
    [
      'a PolicyGenerator',
      { apiVersion: API, kind: 'PolicyGenerator', policies: [{ manifests: [{ path: 'x', patches: [configMap()] }] }] },
      ['PolicyGenerator'],
    ],
    ['another kind of the group', { ...policy(configuration(template(configMap()))), kind: 'PolicySet' }, []],
    ['another group', { ...policy(configuration(template(configMap()))), apiVersion: 'example.com/v1' }, []],
    ['nothing', policy(), []],
    ['what is no object', configuration(template('x'), template(null), template([configMap()])), []],
    ['another shape', { apiVersion: API, kind: 'Policy', spec: { 'policy-templates': { a: 1 } } }, []],
    ['no spec', { apiVersion: API, kind: 'Policy', spec: null }, []],
  ])('is found in %s', (_, content, within) => {
    const found = listPolicyObjects(content);
    expect(found).toEqual(within.map((one) => ({ content: configMap(), within: one })));
  });

  test('policies in one another end, however deep they are', () => {
    let nested: JsonObject = configMap();
    for (let depth = 0; depth < 1000; depth += 1) nested = policy(nested);
    expect(listPolicyObjects(nested)).toEqual([]);
  });
});

describe('a Policy that is rendered', () => {
  test('brings what it is given, and is read back', () => {
    const labels = { 'release.openshift.io/verification-signatures': '' };
    const signatures = configMap({ metadata: { name: 's', labels } });
    const [policy, placement, binding] = toAcmPolicy([source(configMap()), source(signatures)], OPTIONS);
    const found = listPolicyObjects(policy as JsonObject);
    expect(found.map(({ content }) => content)).toEqual([configMap(), signatures]);
    expect(JSON.stringify(policy)).toContain('"mustonlyhave","metadataComplianceType":"musthave"');
    expect(placement).toMatchObject({ kind: 'Placement', spec: {} });
    expect(binding).toMatchObject({
      placementRef: { name: 'signatures' },
      subjects: [{ kind: 'Policy', name: 'signatures' }],
    });
  });

  test('goes to clusters with its labels alone', () => {
    const labels = { environment: 'production' };
    const [, placement] = toAcmPolicy([source(configMap())], { ...OPTIONS, labels });
    expect(placement).toMatchObject({
      spec: { predicates: [{ requiredClusterSelector: { labelSelector: { matchLabels: labels } } }] },
    });
  });

  test.each<[name: string, content: JsonObject, says: string]>([
    ['a Secret', configMap({ kind: 'Secret' }), 'a.yaml:3: Secret a: a Policy is no place for a secret'],
    ['a template', configMap({ data: { a: 'b{{ fromSecret "x" }}' } }), 'reads as a template'],
    ['a template of the hub', configMap({ data: { a: '{{hub .ManagedClusterName hub}}' } }), 'reads as a template'],
    ['a template in a name', configMap({ data: { '{{ a }}': 'b' } }), 'reads as a template'],
    ['a template deep within', configMap({ data: { a: [{ b: ['{{ c }}'] }] } }), 'reads as a template'],
    ['no kind', { apiVersion: 'v1' }, 'no apiVersion or no kind'],
    ['more than fits', configMap({ data: { a: 'x'.repeat(MAX_POLICY_BYTES) } }), 'at most 1048576 fit'],
  ])('is refused with %s', (_, content, says) => {
    expect(() => toAcmPolicy([source(content)], OPTIONS)).toThrow(says);
  });

  test.each([
    ['a name that is none', { name: 'A' }, 'not a name of a Kubernetes object'],
    ['names that are too long together', { name: 'n'.repeat(60) }, 'clusters take at most 63'],
  ])('is refused with %s', (_, change, says) => {
    expect(() => toAcmPolicy([source(configMap())], { ...OPTIONS, ...change })).toThrow(says);
  });

  test('is refused with nothing to bring', () => {
    expect(() => toAcmPolicy([], OPTIONS)).toThrow('there is no manifest');
  });
});
