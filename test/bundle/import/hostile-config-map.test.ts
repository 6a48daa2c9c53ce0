import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type Digest, toKeySegment } from '../../../lib/base/names/digest.ts';
import { checkConfigMap } from '../../../lib/bundle/format/check-config-map.ts';
import { inspectBundle } from '../../../lib/bundle/import/inspect-bundle.ts';
import { MAX_SIGNATURE_BYTES } from '../../../lib/stores/port/signature-store.ts';
import {
  createScratch,
  digestOf,
  importInto,
  keyOf,
  makeBundleSigner,
  NOW,
  renderConfigMaps,
  SIGNAL,
  snapshot,
} from '../bundle-setup.ts';
import { craftBundle } from '../craft-archive.ts';

const newPath = createScratch('bundle-config-map-');
const signer = await makeBundleSigner();
const stranger = await makeBundleSigner('stranger');
const [A, B] = [digestOf('config map a'), digestOf('config map b')];
const SIGNED = signer.sign(A);
const NAME = 'signet-release-signatures-4-99-1';
const PATH = `configmaps/${NAME}.yaml`;
const KEY = `${toKeySegment(A)}-1`;
const VALUE = SIGNED.toString('base64');

/** What the renderer makes of one release. */
function render(digest: Digest, signatures: readonly Uint8Array[]): string {
  const [configMap] = renderConfigMaps([{ digest, version: '4.99.0', signatures }]);
  if (configMap?.name !== `${NAME}.yaml`) throw new Error('the renderer gives another name');
  return configMap.bytes.toString();
}

const GOOD = render(A, [SIGNED]);
const ROLE_BINDING = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: ${NAME}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: mallory, apiGroup: rbac.authorization.k8s.io}]
`;

/** What both readers of a bundle with this ConfigMap say; neither may write anything when it is refused. */
async function read(text: string, path = PATH) {
  const [file, to] = [newPath('bundle.tar.gz'), newPath('site')];
  await writeFile(
    file,
    craftBundle([
      { path, body: text },
      { path: keyOf(A), body: SIGNED },
    ]),
  );
  const inspection = await inspectBundle({ file, profiles: [signer.profile], now: NOW, signal: SIGNAL });
  const report = await importInto(file, to, [signer.profile]);
  expect(report.faults).toEqual(inspection.faults);
  return { inspection, report, site: await snapshot(to) };
}

test('what the attacks start from is a ConfigMap of a bundle', async () => {
  const { inspection, report } = await read(GOOD);
  expect(inspection).toMatchObject({ outcome: 'intact', faults: [], verification: { verified: 2, failed: [] } });
  expect(report).toMatchObject({ outcome: 'imported', written: 1 });
});

test('its signatures are verified', async () => {
  const { inspection } = await read(render(B, [signer.sign(B), stranger.sign(B)]));
  expect(inspection).toMatchObject({
    outcome: 'refused',
    faults: [],
    verification: { verified: 2, failed: [{ digest: B, reasons: [{ code: 'KeyUnknown' }] }] },
  });
});

test('every signature that can be numbered', () => {
  const signatures = Array.from({ length: 128 }, (_, index) => Buffer.from(`signature ${index}`));
  expect(() => checkConfigMap(PATH, Buffer.from(render(A, signatures)))).not.toThrow();
});

describe('whatever else lies there is refused', () => {
  const entry = (key: string, value = VALUE): string => `${GOOD}  ${key}: ${value}\n`;
  const replaced = (from: string, to: string): string => {
    if (!GOOD.includes(from)) throw new Error(`${from} is not in it`);
    return GOOD.replace(from, to);
  };
  const other = toKeySegment(B);

  test.each<[string, string, string?]>([
    ['another kind', ROLE_BINDING],
    ['another kind as a second document', `${GOOD}---\n${ROLE_BINDING}`],
    ['another kind as the first document', `${ROLE_BINDING}---\n${GOOD}`],
    ['a ConfigMap twice', `${GOOD}---\n${GOOD}`],
    ['a list', `apiVersion: v1\nkind: List\nitems:\n  - ${GOOD.trim().replaceAll('\n', '\n    ')}\n`],
    ['nothing', ''],
    ['no entries', `${GOOD.slice(0, GOOD.indexOf('binaryData:'))}binaryData: {}\n`],
    ['no YAML', '{{{'],
    ['JSON', JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', binaryData: { [KEY]: VALUE } })],
    ['a ConfigMap of another version', replaced('apiVersion: v1', 'apiVersion: v2')],
    ['another namespace', replaced('openshift-config-managed', 'kube-system')],
    ['another name', replaced(`name: ${NAME}`, 'name: release-verification')],
    ['the name of another ConfigMap', replaced(NAME, 'release-verification'), 'configmaps/release-verification.yaml'],
    ['no label', replaced('release.openshift.io/verification-signatures: ""', 'x: ""')],
    ['a value of the label', replaced('signatures: ""', 'signatures: "x"')],
    ['another label', replaced('  labels:\n', '  labels:\n    x: ""\n')],
    ['an annotation', replaced('  labels:\n', '  annotations:\n    x: y\n  labels:\n')],
    ['a member of the metadata', replaced('  labels:\n', '  ownerReferences: []\n  labels:\n')],
    ['data', `${GOOD}data:\n  verifier-public-key-x: x\n`],
    ['immutable', `${GOOD}immutable: true\n`],
    ['a key that continues the digest', entry(`${other}x`)],
    ['a key that continues the digest with a dot', entry(`${other}.1`)],
    ['a key that continues the number', entry(`${other}-1x`)],
    ['a key without a number', entry(other)],
    ['the number 0', entry(`${other}-0`)],
    ['a number with a zero before it', entry(`${other}-01`)],
    ['a number that is not read', entry(`${other}-129`)],
    ['a key of another algorithm', entry(`md5-${'0'.repeat(32)}-1`)],
    ['a short digest', entry('sha256-00-1')],
    ['another key', entry('x')],
    ['a key twice', entry(KEY)],
    ['an entry without bytes', entry(`${other}-1`, '""')],
    ['a value that is no base64', entry(`${other}-1`, 'not-base64')],
    ['base64 with bits that decoders drop', entry(`${other}-1`, 'QUJDRF==')],
    ['a value that is a number', entry(`${other}-1`, '12345678')],
    ['a value that is a word of YAML', entry(`${other}-1`, 'true')],
    ['a value on several lines', entry(`${other}-1`, '|\n    QUJD\n    QUJD')],
    ['a value too long', entry(`${other}-1`, Buffer.alloc(MAX_SIGNATURE_BYTES + 1, 1).toString('base64'))],
    ['a comment', `${GOOD}# x\n`],
    // Of YAML 1.1, which kubectl reads, this ends the line; of YAML 1.2 it does not.
    ['a comment that ends for others', `${GOOD}# x\u0085kind: ClusterRoleBinding\n`],
    ['an anchor', replaced('binaryData:\n', 'binaryData: &x\n')],
    ['a tag', replaced('binaryData:\n', 'binaryData: !!map\n')],
    ['lines that end otherwise', GOOD.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${GOOD}`],
    ['no last line feed', GOOD.trimEnd()],
    ['something behind it', `${GOOD}\n`],
  ])('%s', async (_, text, path = PATH) => {
    const { inspection, report, site } = await read(text, path);
    expect(inspection).toMatchObject({ outcome: 'refused', intact: { configMaps: 0 } });
    expect(inspection.faults.map((fault) => [fault.code, fault.path])).toEqual([['EntryRefused', path]]);
    expect([report.outcome, report.written, site]).toEqual(['refused', 0, {}]);
  });
});
