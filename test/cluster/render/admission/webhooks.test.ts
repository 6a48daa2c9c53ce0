import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { toManifestsText } from '../../../../lib/base/documents/manifest-text.ts';
import {
  ADMISSION_KINDS,
  ADMISSION_RESOURCES,
  type AdmissionResource,
} from '../../../../lib/cluster/objects/admission-kinds.ts';
import {
  parseService,
  toApiService,
  toWebhook,
  type WebhookOptions,
} from '../../../../lib/cluster/render/admission/webhooks.ts';

const TOKEN = '5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';
const OPTIONS: WebhookOptions = {
  call: { kind: 'url', url: 'https://signet.example.com', token: TOKEN },
  timeoutSeconds: 10,
  failurePolicy: 'Fail',
  hasMatchConditions: true,
};
const toUrl = (url: string, token = TOKEN): Partial<WebhookOptions> => ({ call: { kind: 'url', url, token } });
const SERVICE = { namespace: 'signet', name: 'api', port: 8443 };
const CA = readFileSync(path.join(import.meta.dirname, '../../../support/servers/tls/ca.pem'), 'utf8');

const Configuration = v.object({
  webhooks: v.strictTuple([
    v.object({
      name: v.string(),
      clientConfig: v.object({ url: v.string(), caBundle: v.optional(v.string()) }),
      matchConditions: v.looseTuple([v.object({ name: v.string(), expression: v.string() })]),
    }),
  ]),
});
const only = (resource: AdmissionResource, change: Partial<WebhookOptions> = {}) =>
  v.parse(Configuration, toWebhook(resource, { ...OPTIONS, ...change })).webhooks[0];

describe('the webhook of a kind', () => {
  test('is what an API server takes', () => {
    expect(toWebhook('clusterversions', OPTIONS)).toEqual({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'signet-clusterversions' },
      webhooks: [
        {
          name: 'clusterversions.admission.signet',
          clientConfig: { url: `https://signet.example.com/admission/${TOKEN}/clusterversions` },
          rules: [
            {
              apiGroups: ['config.openshift.io'],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['clusterversions'],
              scope: 'Cluster',
            },
          ],
          matchPolicy: 'Equivalent',
          matchConditions: [
            {
              name: 'release-changed',
              expression:
                '(has(object.spec) && has(object.spec.desiredUpdate) && (oldObject == null || !(has(oldObject.spec) && has(oldObject.spec.desiredUpdate)) || object.spec.desiredUpdate != oldObject.spec.desiredUpdate)) || (has(object.spec) && has(object.spec.overrides) && (oldObject == null || !(has(oldObject.spec) && has(oldObject.spec.overrides)) || object.spec.overrides != oldObject.spec.overrides))',
            },
          ],
          failurePolicy: 'Fail',
          sideEffects: 'None',
          timeoutSeconds: 10,
          admissionReviewVersions: ['v1'],
        },
      ],
    });
  });

  test.each(ADMISSION_RESOURCES)('%s: looks at every path that is reviewed, each member after has()', (resource) => {
    const { expression } = only(resource).matchConditions[0];
    for (const place of ADMISSION_KINDS[resource].paths) {
      expect(expression).toContain(`object.${place} != oldObject.${place}`);
      expect(expression).toContain(`has(object.${place})`);
    }
  });

  test.each([
    ['https://signet.example.com/', 'https://signet.example.com'],
    ['https://signet.example.com:8443/prod/', 'https://signet.example.com:8443/prod'],
  ])('%s', (url, base) => {
    expect(only('nodepools', toUrl(url)).clientConfig.url).toBe(`${base}/admission/${TOKEN}/nodepools`);
  });

  test('names the CA, and nothing else of its file', () => {
    const { caBundle = '' } = only('nodepools', { ca: `# my CA\n${CA}` }).clientConfig;
    expect(Buffer.from(caBundle, 'base64').toString()).toBe(CA);
  });

  test('is the same bytes for the same input', () => {
    const write = (): string =>
      toManifestsText(
        ADMISSION_RESOURCES.map((one) => toWebhook(one, OPTIONS)),
        'yaml',
      );
    expect(write()).toBe(write());
    expect(write().match(/^kind: ValidatingWebhookConfiguration$/gm)).toHaveLength(ADMISSION_RESOURCES.length);
  });
});

describe('a Service in the cluster', () => {
  test('is called without a token, and OpenShift puts its CA in', () => {
    expect(toWebhook('nodepools', { ...OPTIONS, call: { kind: 'service', service: SERVICE } })).toMatchObject({
      metadata: { annotations: { 'service.beta.openshift.io/inject-cabundle': 'true' } },
      webhooks: [{ clientConfig: { service: { ...SERVICE, path: '/admission/nodepools' } } }],
    });
  });

  test('is called through the API of the cluster', () => {
    const call = { kind: 'aggregated', service: SERVICE } as const;
    expect(toWebhook('nodepools', { ...OPTIONS, call, ca: CA })).toMatchObject({
      webhooks: [
        {
          clientConfig: {
            service: { namespace: 'default', name: 'kubernetes', path: '/apis/admission.signet/v1/nodepools' },
          },
        },
      ],
    });
    expect(toApiService(SERVICE, undefined)).toEqual({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: {
        name: 'v1.admission.signet',
        annotations: { 'service.beta.openshift.io/inject-cabundle': 'true' },
      },
      spec: {
        group: 'admission.signet',
        version: 'v1',
        service: SERVICE,
        groupPriorityMinimum: 1000,
        versionPriority: 15,
      },
    });
  });

  test.each([
    ['signet/api', { ...SERVICE, port: 443 }],
    ['signet/api:8443', SERVICE],
  ])('%s', (text, expected) => {
    expect(parseService(text)).toEqual(expected);
  });

  test.each(['', 'api', 'signet/', '/api', 'signet/api:0', 'signet/api:65536', 'signet/a/b', 'Signet/api', 'a/b:x'])(
    '%j is none',
    (text) => {
      expect(() => parseService(text)).toThrow('NAMESPACE/NAME');
    },
  );
});

test('selectors are written as they are, and conditions can be left out', () => {
  const namespaceSelector = { matchLabels: { env: 'prod' } };
  const objectSelector = { matchExpressions: [{ key: 'a', operator: 'Exists' as const }] };
  const made = toWebhook('nodepools', { ...OPTIONS, namespaceSelector, objectSelector, hasMatchConditions: false });
  expect(made).toMatchObject({ webhooks: [{ namespaceSelector, objectSelector }] });
  expect(JSON.stringify(made)).not.toContain('matchConditions');
});

describe('is refused', () => {
  test.each<[name: string, change: Partial<WebhookOptions>, says: string]>([
    ['plain HTTP', toUrl('http://signet.example.com'), 'https://'],
    ['a user', toUrl('https://me:secret@signet.example.com'), 'without user'],
    ['a query', toUrl('https://signet.example.com/?'), 'query'],
    ['a fragment', toUrl('https://signet.example.com/#'), 'fragment'],
    ['no URL', toUrl('signet'), 'https://'],
    ['a short token', toUrl('https://signet.example.com', 'a'.repeat(15)), 'the token'],
    ['a token that is a path', toUrl('https://signet.example.com', `${TOKEN}/../x`), 'the token'],
    ['no time', { timeoutSeconds: 0 }, '1 to 30'],
    ['more time than there is', { timeoutSeconds: 31 }, '1 to 30'],
    ['not a certificate', { ca: 'x' }, 'no PEM certificate'],
    ['a broken certificate', { ca: CA.replace('MII', 'XII') }, 'not a certificate'],
  ])('%s', (_, change, says) => {
    const message = messageOf(() => toWebhook('nodepools', { ...OPTIONS, ...change }));
    expect(message).toContain(says);
    for (const secret of [TOKEN, 'secret@']) expect(message).not.toContain(secret);
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('nothing was thrown');
}
