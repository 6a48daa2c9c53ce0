import { describe, expect, test } from 'vitest';
import { toManifestsText } from '../../../lib/base/documents/manifest-text.ts';
import { toWrittenDocuments } from '../../../lib/trust/prepare/exported-documents.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { configurationErrorOf } from '../expect-configuration-error.ts';
import { file, IMAGE_POLICY, profile, trustConfigMap } from '../sample-documents.ts';

interface Sample {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

const TRUST = JSON.parse(trustConfigMap()) as Sample;
const PROFILE = file('profile.yaml', profile({ canonicalRepositories: ['quay.io/acme/release'] }));

/** An object as the API server gives it out, at one of many times. */
function exported(object: Sample, time: number): Sample {
  const annotations = {
    ...(object.metadata['annotations'] as object),
    'kubectl.kubernetes.io/last-applied-configuration': `{"applied":${time}}`,
  };
  const metadata = {
    ...object.metadata,
    annotations,
    creationTimestamp: `2026-01-0${time}T00:00:00Z`,
    resourceVersion: String(time),
    uid: `00000000-0000-4000-8000-00000000000${time}`,
    managedFields: [{ manager: 'oc', time: `2026-01-0${time}T00:00:00Z` }],
  };
  return { ...object, metadata };
}

const configMap = (name: string, metadata: object = {}): Sample => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'openshift-config-managed', name, ...metadata },
  data: { a: 'b' },
});
const ROOT_CA = exported(configMap('kube-root-ca.crt'), 1);
const SIGNATURES = exported(
  configMap('signatures', { labels: { 'release.openshift.io/verification-signatures': '' } }),
  1,
);

const yaml = (...objects: readonly object[]) => toManifestsText(objects, 'yaml');
const listed = (...items: readonly object[]) =>
  yaml({ apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items });
const revisionOf = async (text: string, name = 'trust.yaml') =>
  (await prepareTrust('acme', toWrittenDocuments([file(name, text), PROFILE]))).revision;

describe('exports of the same objects are one revision', () => {
  const first = revisionOf(yaml(exported(TRUST, 1)));
  test.each<[string, string]>([
    ['at another time', yaml(exported(TRUST, 2))],
    ['in a list', listed(exported(TRUST, 3))],
    ['in JSON', toManifestsText([exported(TRUST, 4)], 'json')],
    ['with unrelated ConfigMaps', listed(ROOT_CA, exported(TRUST, 5), SIGNATURES)],
    ['without annotations of the client', yaml({ ...TRUST, metadata: { ...TRUST.metadata, uid: 'x' } })],
    ['with a status', yaml({ ...exported(TRUST, 6), status: {} })],
  ])('%s', async (_, text) => {
    expect(await revisionOf(text)).toBe(await first);
  });

  test.each<[string, string]>([
    [
      'other data',
      yaml({ ...exported(TRUST, 1), data: { ...(TRUST['data'] as object), 'store-b': 'https://b.example' } }),
    ],
    ['an image policy more', `${yaml(exported(TRUST, 1))}---\n${IMAGE_POLICY}`],
  ])('%s are another', async (_, text) => {
    expect(await revisionOf(text)).not.toBe(await first);
  });
});

describe('what is left as it is', () => {
  test.each<[string, string, string]>([
    ['a document that somebody wrote', 'trust.yaml', trustConfigMap()],
    ['a file of keys', 'keys/a.yaml', yaml(exported(TRUST, 1))],
    ['a file that cannot be read', 'trust.yaml', ': ['],
    ['a policy.json', 'policy.json', '{"default": [{"type": "reject"}]}'],
  ])('%s', (_, name, text) => {
    expect(toWrittenDocuments([file(name, text)])).toEqual([file(name, text)]);
  });

  test('ConfigMaps alone are said to be no trust', async () => {
    const documents = toWrittenDocuments([file('trust.yaml', listed(ROOT_CA)), PROFILE]);
    const error = await configurationErrorOf(() => prepareTrust('acme', documents));
    expect(error?.code).toBe('KindUnknown');
  });

  test('a ConfigMap that somebody wrote beside an export is not left out', async () => {
    const documents = toWrittenDocuments([file('trust.yaml', listed(exported(TRUST, 1), configMap('mine'))), PROFILE]);
    const error = await configurationErrorOf(() => prepareTrust('acme', documents));
    expect(error?.code).toBe('KindUnknown');
  });
});

test('the ConfigMap that a HiveConfig refers to stays, annotated or not', async () => {
  const named = JSON.parse(trustConfigMap({ annotated: false, name: 'mine' })) as Sample;
  const hive = {
    apiVersion: 'hive.openshift.io/v1',
    kind: 'HiveConfig',
    metadata: { name: 'hive' },
    spec: { releaseImageVerificationConfigMapRef: { namespace: 'openshift-config-managed', name: 'mine' } },
  };
  const documents = [file('trust.yaml', listed(ROOT_CA, exported(named, 1))), file('hive.yaml', yaml(hive)), PROFILE];
  expect((await prepareTrust('acme', toWrittenDocuments(documents))).keyrings).toHaveLength(1);
});
