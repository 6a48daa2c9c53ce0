import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { compareMinors, parseMinor, toMinor, toSignedVersion } from '../../../lib/cluster/render/release-version.ts';

const OCP = 'quay.io/openshift-release-dev/ocp-release';

describe('the version that a signed reference names', () => {
  test.each<[name: string, reference: string, version: string | undefined, minor: string | undefined]>([
    ['a release', `${OCP}:4.16.37-x86_64`, '4.16.37', '4.16'],
    ['another architecture', `${OCP}:4.9.0-aarch64`, '4.9.0', '4.9'],
    ['a list of all architectures', `${OCP}:4.16.0-multi`, '4.16.0', '4.16'],
    ['a candidate', `${OCP}:4.16.0-rc.1-s390x`, '4.16.0-rc.1', '4.16'],
    ['OKD', 'registry.ci.openshift.org/origin/release-scos:4.20.0-okd-scos.6', '4.20.0-okd-scos.6', '4.20'],
    ['a next major version', `${OCP}:5.0.0-ec.0-ppc64le`, '5.0.0-ec.0', '5.0'],
    ['a tag and a digest', `${OCP}:4.16.37-x86_64@sha256:${'0'.repeat(64)}`, '4.16.37', '4.16'],
    ['no tag', OCP, undefined, undefined],
    ['latest', `${OCP}:latest`, undefined, undefined],
    ['a minor alone', `${OCP}:4.16`, undefined, undefined],
    ['a leading zero', `${OCP}:4.016.1`, undefined, undefined],
    ['more digits than a version has', `${OCP}:4.16161.1`, undefined, undefined],
    ['a v in front', `${OCP}:v4.16.1`, undefined, undefined],
    ['what is no reference', 'a b', undefined, undefined],
  ])('%s', (_, reference, version, minor) => {
    expect(toSignedVersion(reference)).toBe(version);
    expect(version === undefined ? undefined : toMinor(version)).toBe(minor);
  });
});

test('minors are compared as numbers', () => {
  expect(['5.0', '4.9', '4.16', '4.2'].toSorted(compareMinors)).toEqual(['4.2', '4.9', '4.16', '5.0']);
});

test.each(['', '4', '4.16.1', '4.016', '4.x', ' 4.16', '4.16 ', '4-16', '-4.16'])('%j is not a minor', (text) => {
  expect(() => parseMinor(text)).toThrow(InputError);
});
