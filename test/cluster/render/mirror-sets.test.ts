import { describe, expect, test } from 'vitest';
import { toManifestText } from '../../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import {
  builtInComponents,
  type MirrorSetKind,
  type MirrorSetRequest,
  parseMirrorRepository,
  toMirrorSet,
} from '../../../lib/cluster/render/mirror-sets.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { recogniseDocument } from '../../../lib/trust/documents/recognise-document.ts';

const RELEASE = 'quay.io/openshift-release-dev/ocp-release';
const COMPONENTS = 'quay.io/openshift-release-dev/ocp-v4.0-art-dev';
const MIRROR = 'mirror.example:5000/openshift/release-images';
const SECOND = 'backup.example/openshift/release-images';

function request(change: Partial<MirrorSetRequest> = {}): MirrorSetRequest {
  return {
    kind: 'idms',
    name: 'signet-release-mirrors',
    releases: [parseRepository(RELEASE)],
    components: [parseRepository(COMPONENTS)],
    mirrors: [parseRepository(MIRROR)],
    componentMirrors: [],
    ...change,
  };
}

describe('read back by the reader of trust', () => {
  const other = [parseRepository('mirror.example:5000/openshift/release')];
  test.each<
    [
      name: string,
      change: Partial<MirrorSetRequest>,
      origin: string,
      mirrors: readonly (readonly string[])[],
      never: boolean,
    ]
  >([
    ['by digest', {}, 'ImageDigestMirrorSet', [[MIRROR], [MIRROR]], false],
    ['by tag', { kind: 'itms' }, 'ImageTagMirrorSet', [[MIRROR], [MIRROR]], false],
    ['for old clusters', { kind: 'icsp' }, 'ImageContentSourcePolicy', [[MIRROR], [MIRROR]], false],
    ['components elsewhere', { componentMirrors: other }, 'ImageDigestMirrorSet', [[MIRROR], other], false],
    [
      'two mirrors in order',
      { mirrors: [MIRROR, SECOND].map(parseRepository) },
      'ImageDigestMirrorSet',
      [
        [MIRROR, SECOND],
        [MIRROR, SECOND],
      ],
      false,
    ],
    ['the source never', { sourcePolicy: 'NeverContactSource' }, 'ImageDigestMirrorSet', [[MIRROR], [MIRROR]], true],
    [
      'the source too',
      { kind: 'itms', sourcePolicy: 'AllowContactingSource' },
      'ImageTagMirrorSet',
      [[MIRROR], [MIRROR]],
      false,
    ],
  ])('%s', (_, change, origin, mirrors, never) => {
    for (const format of ['yaml', 'json'] as const) {
      const bytes = Buffer.from(toManifestText(toMirrorSet(request(change)), format));
      const [document, ...more] = parseTrustFile({ name: `mirrors.${format}`, bytes }).map(recogniseDocument);
      expect(more).toEqual([]);
      const rules = document?.kind === 'MirrorSet' ? document.rules : [];
      expect(rules.map(({ source }) => source)).toEqual([RELEASE, COMPONENTS]);
      expect(rules.map((rule) => rule.mirrors)).toEqual(mirrors);
      expect(rules.every((rule) => rule.origin === `${origin}/signet-release-mirrors`)).toBe(true);
      expect(rules.every(({ neverContactSource }) => neverContactSource === never)).toBe(true);
    }
  });
});

test('the bytes stay what they are', () => {
  expect(toManifestText(toMirrorSet(request({ sourcePolicy: 'NeverContactSource' })), 'yaml'))
    .toBe(`apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata:
  name: signet-release-mirrors
spec:
  imageDigestMirrors:
    - source: ${RELEASE}
      mirrors:
        - ${MIRROR}
      mirrorSourcePolicy: NeverContactSource
    - source: ${COMPONENTS}
      mirrors:
        - ${MIRROR}
      mirrorSourcePolicy: NeverContactSource
`);
});

test('component repositories of what is built in', () => {
  expect(builtInComponents('ocp')).toContain(COMPONENTS);
  expect(builtInComponents('okd')).toEqual(['quay.io/okd/scos-content']);
  expect(builtInComponents('acme')).toEqual([]);
});

describe('refused', () => {
  const mirror = parseRepository(MIRROR);
  test.each<[name: string, change: Partial<MirrorSetRequest>, message: string]>([
    ['no mirror', { mirrors: [] }, 'no mirror'],
    ['no source', { releases: [] }, 'no source'],
    ['a mirror twice', { mirrors: [mirror, mirror] }, 'given twice'],
    ['a mirror of components twice', { componentMirrors: [mirror, mirror] }, 'given twice'],
    ['a source twice', { components: [parseRepository(RELEASE)] }, 'given twice'],
    ['a source as its mirror', { mirrors: [parseRepository(RELEASE)] }, 'is a source'],
    ['a source as a mirror of components', { componentMirrors: [parseRepository(RELEASE)] }, 'is a source'],
    ['a policy where there is none', { kind: 'icsp', sourcePolicy: 'NeverContactSource' }, 'no mirrorSourcePolicy'],
  ])('%s', (_, change, message) => {
    expect(() => toMirrorSet(request(change))).toThrow(InputError);
    expect(() => toMirrorSet(request(change))).toThrow(message);
  });

  test('a kind that is not known', () => {
    expect(() => toMirrorSet(request({ kind: 'other' as MirrorSetKind }))).toThrow(TypeError);
  });
});

test.each<[name: string, text: string, expected: string]>([
  ['a registry and a repository', MIRROR, MIRROR],
  ['upper case and the default port', 'Mirror.Example:443/a/b', 'mirror.example/a/b'],
  ['Docker Hub, written out', 'docker.io/acme/release', 'docker.io/acme/release'],
  ['localhost', 'localhost:5000/a', 'localhost:5000/a'],
  ['no registry', 'openshift/release', 'has no registry'],
  ['one word', 'release', 'has no registry'],
  ['a tag', `${MIRROR}:4.16`, 'without tag or digest'],
  ['a digest', `${MIRROR}@sha256:${'0'.repeat(64)}`, 'without tag or digest'],
  ['a scheme', `https://${MIRROR}`, 'is not a pullspec'],
  ['a host alone', 'mirror.example:5000', 'is not a repository'],
  ['an IPv6 address', '[fd00::1]:5000/a', 'IPv6'],
  ['a wildcard', '*.example/a', 'is not a pullspec'],
  ['nothing', '', 'names no repository'],
])('a mirror: %s', (_, text, expected) => {
  const outcome = () => {
    try {
      return parseMirrorRepository(text);
    } catch (error) {
      return error instanceof InputError ? error.message : String(error);
    }
  };
  expect(outcome()).toContain(expected);
});
