import { describe, expect, test } from 'vitest';
import { findScopeFault } from '../../../lib/trust/policy/find-scope-fault.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const ID = '1'.repeat(64);

describe('scopes of a transport', () => {
  test.each([
    ['docker', ''],
    ['docker', 'docker.io/library/busybox:1'],
    ['docker', `quay.io/a@${DIGEST}`],
    ['docker', 'quay.io/UPPER'],
    ['docker', 'unmatched'],
    ['docker', '*.example.com'],
    ['docker', '*.com'],
    ['docker', '*.EXAMPLE.com'],
    ['docker-daemon', 'quay.io/a:t'],
    ['atomic', 'r.example:5000/ns/stream:tag'],
    ['atomic', 'r.example'],
    ['atomic', '*.example.com'],
    ['dir', '/a/b'],
    ['dir', '/a/*'],
    ['oci', '/a.b/..c'],
    ['sif', '/a'],
    ['tarball', ''],
    ['containers-storage', '[overlay@/var/lib/containers]'],
    ['containers-storage', '[/var/lib/containers]quay.io/a:t'],
    ['containers-storage', `[overlay@/a]quay.io/a@${DIGEST}`],
    ['containers-storage', `[overlay@/a]quay.io/a@${ID}`],
    ['containers-storage', `[overlay@/a]quay.io/a@${DIGEST}@${ID}`],
    ['unknown', 'what ever * this is'],
    ['constructor', '/../'],
  ])('%s takes %s', (transport, scope) => {
    expect(findScopeFault(transport, scope)).toBeUndefined();
  });

  test.each([
    ['docker', '*', 'a wildcard is'],
    ['docker', '*.', 'a wildcard is'],
    ['docker', '*example.com', 'a wildcard is'],
    ['docker', 'example*.*.com', 'a wildcard is'],
    ['docker', '*.*.com', 'a wildcard is'],
    ['docker', '*..com', 'a wildcard is'],
    ['docker', '*.example.com/a', 'a wildcard is'],
    ['docker', '*.example.com:5000', 'a wildcard is'],
    ['docker', 'quay.io/*', 'a wildcard is'],
    ['atomic', 'a.*.com/b', 'a wildcard is'],
    ['docker-daemon', DIGEST, 'an image ID'],
    ['atomic', 'r.example/ns/stream/more', 'expected host'],
    ['atomic', 'r.example/ns:tag', 'expected host'],
    ['atomic', 'r.example/ns/stream:tag:tag', 'expected host'],
    ['dir', 'a/b', 'an absolute path'],
    ['dir', '/', 'the scope is ""'],
    ['dir', '/a/', 'shortest form'],
    ['dir', '//a', 'shortest form'],
    ['oci', '/a/./b', 'shortest form'],
    ['oci-archive', '/a/..', 'shortest form'],
    ['sif', ' /a', 'an absolute path'],
    ['tarball', '/a', 'the scope "" alone'],
    ['docker-archive', '/a', 'the scope "" alone'],
    ['containers-storage', 'quay.io/a', 'expected [driver@root]'],
    ['containers-storage', '[overlay@/a', 'expected [driver@root]'],
    ['containers-storage', '[]', 'not an absolute path'],
    ['containers-storage', '[@/a]', 'not an absolute path'],
    ['containers-storage', '[overlay@a]', 'not an absolute path'],
    ['containers-storage', '[/a]quay.io/a@x', 'a digest or an image ID'],
    ['containers-storage', `[/a]quay.io/a@${ID}@${ID}`, 'a digest or an image ID'],
    ['containers-storage', `[/a]quay.io/a@${DIGEST}@${DIGEST}`, 'an image ID'],
    ['containers-storage', `[/a]quay.io/a@${DIGEST}@${ID}@${ID}`, 'an image ID'],
  ])('%s refuses %s', (transport, scope, fault) => {
    expect(findScopeFault(transport, scope)).toContain(fault);
  });
});
