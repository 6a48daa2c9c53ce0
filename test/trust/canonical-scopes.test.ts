import { describe, expect, test } from 'vitest';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import { NAME } from '../registry/images/image-setup.ts';
import { anything, bySigner, documentsOf, policyOf } from '../verdict/decide/policy-setup.ts';
import { configurationErrorOf } from './expect-configuration-error.ts';
import { file, IMAGE_POLICY, profile } from './sample-documents.ts';

/** What is wrong with a host, as written and as it has to be. */
type Spelling = readonly [name: string, written: string, canonical: string];

const HOSTS: readonly Spelling[] = [
  ['capitals', 'Registry.Example.com', 'registry.example.com'],
  ['the default port', 'registry.example.com:443', 'registry.example.com'],
  ['the default port with zeros', 'registry.example.com:00443', 'registry.example.com'],
  ['a port with a zero', 'registry.example.com:05000', 'registry.example.com:5000'],
  ['capitals and a port', 'REGISTRY.example.com:5000', 'registry.example.com:5000'],
  ['a dot at the end', 'registry.example.com.', 'registry.example.com'],
  ['a dot before the default port', 'registry.example.com.:443', 'registry.example.com'],
  ['a colon without port', 'registry.example.com:', 'registry.example.com'],
  ['localhost with the default port', 'localhost:443', 'localhost'],
  ['one label in capitals', 'Registry:443', 'registry:443'],
  ['Docker Hub’s other name', 'index.docker.io', 'docker.io'],
  ['Docker Hub with the default port', 'docker.io:443', 'docker.io'],
  ['Docker Hub’s other name in capitals with the default port', 'Index.Docker.io:443', 'docker.io'],
  ['an IPv6 address in capitals', '[FD00::A]:5000', '[fd00::a]:5000'],
  ['an IPv6 address in long form', '[fd00:0:0:0:0:0:0:a]', '[fd00::a]'],
  ['an IPv6 address with the default port', '[fd00::a]:443', '[fd00::a]'],
];
const WILDCARDS: readonly Spelling[] = [
  ['a wildcard in capitals', '*.Example.com', '*.example.com'],
  ['a wildcard with the default port', '*.example.com:443', '*.example.com'],
  ['a wildcard with a dot at the end', '*.example.com.', '*.example.com'],
];
/** In order: what stands behind a host in a scope. */
const REMAINDERS = ['', '/prod', `/prod/app@sha256:${'a'.repeat(64)}`];

type Write = (text: string) => TrustDocument;

const remapped = { type: 'remapIdentity', prefix: 'a.example.com', signedPrefix: 'b.example.com' };
const withIdentity = (signedIdentity: object): TrustDocument =>
  file('policy.json', JSON.stringify(policyOf([{ ...bySigner, signedIdentity }]), null, 1));
const imagePolicy = (kind: string, scope: string, identity = ''): TrustDocument =>
  file(
    'image-policy.yaml',
    IMAGE_POLICY.replace('ClusterImagePolicy', kind).replace('quay.io/acme/release', JSON.stringify(scope)) + identity,
  );
const clusterIdentity = (identity: string): TrustDocument =>
  imagePolicy('ClusterImagePolicy', 'quay.io/acme', `    signedIdentity:\n      ${identity}\n`);
const mirrorSet = (group: string, kind: string, list: string): Write => {
  const head = `apiVersion: ${group}\nkind: ${kind}\nmetadata: {name: a}\nspec:\n  ${list}:\n`;
  return (text) => file('mirrors.yaml', `${head}  - source: ${JSON.stringify(text)}\n    mirrors: [m.example.com/a]\n`);
};

/** Each place of a document that holds scopes, and where the error says that it is. */
const SCOPE_PLACES: readonly (readonly [string, Write, (text: string) => string])[] = [
  [
    'policy.json',
    (text) => file('policy.json', JSON.stringify(policyOf([anything], { [text]: [bySigner] }), null, 1)),
    (text) => `policy.json:9: transports.docker[${JSON.stringify(text)}]: `,
  ],
  [
    'ClusterImagePolicy',
    (text) => imagePolicy('ClusterImagePolicy', text),
    () => 'image-policy.yaml:7: spec.scopes[0]: ',
  ],
  ['ImagePolicy', (text) => imagePolicy('ImagePolicy', text), () => 'image-policy.yaml:7: spec.scopes[0]: '],
  [
    'registries.d',
    (text) => file('registries.d/a.yaml', `docker:\n  ${JSON.stringify(text)}: {lookaside: "https://l.example"}\n`),
    (text) => `registries.d/a.yaml:2: docker.${text}: `,
  ],
  [
    'ImageDigestMirrorSet',
    mirrorSet('config.openshift.io/v1', 'ImageDigestMirrorSet', 'imageDigestMirrors'),
    () => 'mirrors.yaml:6: spec.imageDigestMirrors[0].source: ',
  ],
  [
    'ImageTagMirrorSet',
    mirrorSet('config.openshift.io/v1', 'ImageTagMirrorSet', 'imageTagMirrors'),
    () => 'mirrors.yaml:6: spec.imageTagMirrors[0].source: ',
  ],
  [
    'ImageContentSourcePolicy',
    mirrorSet('operator.openshift.io/v1alpha1', 'ImageContentSourcePolicy', 'repositoryDigestMirrors'),
    () => 'mirrors.yaml:6: spec.repositoryDigestMirrors[0].source: ',
  ],
];

/** Each place of a document that holds the name that a signature has to say. */
const IDENTITY_PLACES: readonly (readonly [string, Write, string])[] = [
  [
    'policy.json dockerRepository',
    (text) => withIdentity({ type: 'exactRepository', dockerRepository: text }),
    'policy.json:9: default[0].signedIdentity.dockerRepository: ',
  ],
  [
    'policy.json dockerReference',
    (text) => withIdentity({ type: 'exactReference', dockerReference: `${text}:v1` }),
    'policy.json:9: default[0].signedIdentity.dockerReference: ',
  ],
  [
    'policy.json prefix',
    (text) => withIdentity({ ...remapped, prefix: text }),
    'policy.json:9: default[0].signedIdentity.prefix: ',
  ],
  [
    'policy.json signedPrefix',
    (text) => withIdentity({ ...remapped, signedPrefix: text }),
    'policy.json:10: default[0].signedIdentity.signedPrefix: ',
  ],
  [
    'ClusterImagePolicy repository',
    (text) => clusterIdentity(`{matchPolicy: ExactRepository, exactRepository: {repository: "${text}"}}`),
    'image-policy.yaml:13: spec.policy.signedIdentity.exactRepository.repository: ',
  ],
  [
    'ClusterImagePolicy prefix',
    (text) =>
      clusterIdentity(`{matchPolicy: RemapIdentity, remapIdentity: {prefix: "${text}", signedPrefix: quay.io}}`),
    'image-policy.yaml:13: spec.policy.signedIdentity.remapIdentity.prefix: ',
  ],
  [
    'ClusterImagePolicy signedPrefix',
    (text) =>
      clusterIdentity(`{matchPolicy: RemapIdentity, remapIdentity: {prefix: quay.io, signedPrefix: "${text}"}}`),
    'image-policy.yaml:13: spec.policy.signedIdentity.remapIdentity.signedPrefix: ',
  ],
];

async function refusalOf(document: TrustDocument) {
  const base =
    document.name === 'policy.json' ? documentsOf({ policy: {} }) : documentsOf({ policy: policyOf([bySigner]) });
  const others = base.filter(({ name }) => name !== document.name);
  return await configurationErrorOf(() => prepareTrust('acme', [...others, document]));
}

const says = (place: string, text: string, canonical: string) => ({
  code: 'DocumentInvalid',
  message: `${place}the host in ${JSON.stringify(text)} is not in its canonical spelling: write ${JSON.stringify(canonical)}`,
});

describe.each(SCOPE_PLACES)('a scope of %s', (_, write, place) => {
  const rows: readonly Spelling[] = [
    ...HOSTS.flatMap(([name, host, canonical]) =>
      REMAINDERS.map((rest): Spelling => [
        `${name}, ${rest === '' ? 'alone' : rest.slice(0, 10)}`,
        host + rest,
        canonical + rest,
      ]),
    ),
    ...WILDCARDS,
  ];
  test.each(rows)('%s', async (_name, text, canonical) => {
    // A mirror set has no scope with a digest; it is refused all the same.
    expect(await refusalOf(write(text))).toEqual(says(place(text), text, canonical));
  });

  test.each([
    'registry.example.com',
    'registry.example.com:5000/prod',
    'localhost:5000/a',
    'docker.io/library',
    '*.example.com',
  ])('the canonical spelling is read: %s', async (text) => {
    expect(await refusalOf(write(text))).toBeUndefined();
  });
});

describe.each(IDENTITY_PLACES)('%s', (kind, write, place) => {
  /** References of nodes have no IPv6 addresses, dots at the end of hosts or ports without number. */
  const isReference = (text: string): boolean => !/^\[|\.(?:$|:)|:$/.test(text);
  const isPlain = kind.startsWith('policy.json') && kind.includes('docker');
  test.each(HOSTS.filter(([, host]) => !isPlain || isReference(host)))('%s', async (_name, host, canonical) => {
    const tag = kind.endsWith('Reference') ? ':v1' : '';
    const expected = says(place, `${host}/prod${tag}`, `${canonical}/prod${tag}`);
    expect(await refusalOf(write(`${host}/prod`))).toEqual(expected);
  });

  test('the canonical spelling is read', async () => {
    expect(await refusalOf(write('registry.example.com:5000/prod'))).toBeUndefined();
  });
});

describe('what looks like a host and is none', () => {
  test.each([
    ['a tag in capitals', { type: 'exactReference', dockerReference: 'busybox:Latest' }],
    ['a tag that is a port', { type: 'exactReference', dockerReference: 'busybox:443' }],
    ['a tag behind a path', { type: 'exactReference', dockerReference: 'quay.io/a:V1' }],
    ['a short name', { type: 'exactRepository', dockerRepository: 'busybox' }],
  ])('%s', async (_, identity) => {
    expect(await refusalOf(withIdentity(identity))).toBeUndefined();
  });

  test('the scopes of other transports are no names of registries', async () => {
    const transports = { dir: { '/Images': [bySigner] }, oci: { '/a:443': [bySigner] }, docker: { '': [bySigner] } };
    const policy = JSON.stringify({ default: [bySigner], transports });
    expect(await refusalOf(file('policy.json', policy))).toBeUndefined();
  });

  test('a mirror is contacted and never compared, and a Profile’s hosts are canonical once they are read', async () => {
    const set = mirrorSet('config.openshift.io/v1', 'ImageDigestMirrorSet', 'imageDigestMirrors')(NAME);
    const text = Buffer.from(set.bytes).toString().replace('m.example.com', 'M.example.com:443');
    const spec = { canonicalRepositories: ['Quay.io:443/acme/release'], registries: { allowed: ['Quay.io:443'] } };
    const documents = [...documentsOf({ policy: policyOf([bySigner]) }).slice(1), file('mirrors.yaml', text)];
    const trust = await prepareTrust('acme', [...documents, file('profile.yaml', profile(spec))]);
    expect([trust.canonicalRepositories, trust.registries.allowed]).toEqual([['quay.io/acme/release'], ['quay.io']]);
  });
});
