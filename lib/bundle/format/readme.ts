import { SIGSTORE_INDEX_PATH } from './bundle-path.ts';
import type { Manifest } from './manifest.ts';

/**
 * What the person on the other side reads first, where there may be no Signet. It is made from the manifest alone, so
 * that it is the same whenever the bundle is.
 */
export function toReadmeBytes({
  createdBy,
  digests,
  since,
  trustRevisions,
  contents,
}: Omit<Manifest, 'schema'>): Uint8Array {
  const configMaps = contents.filter(({ path }) => path.startsWith('configmaps/')).length;
  const signatures = digests.reduce((sum, digest) => sum + digest.signatures, 0);
  const lines = [
    '# Release signatures for a disconnected site',
    '',
    `A bundle made by ${createdBy}: ${signatures} signatures of ${digests.length} release images, each verified before`,
    'it went in.',
    '',
    ...toSinceLines(since),
    '| path | what it is |',
    '| --- | --- |',
    '| `manifest.json` | every other file with its size and SHA-256 |',
    '| `signatures/<algo>=<hex>/signature-<n>` | the signatures, as clusters ask for them |',
    `| \`configmaps/\` | ${configMaps} ConfigMaps with the same signatures, for \`oc apply\` |`,
    '| `trust/<profile>/` | the documents that the signatures were verified by |',
    ...toSigstoreLines(contents),
    '',
    ...trustRevisions.map(({ profile, revision }) => `Trust: profile \`${profile}\`, revision \`${revision}\`.`),
    '',
    ...USE,
  ];
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

function toSigstoreLines(contents: Manifest['contents']): readonly string[] {
  const isThere = contents.some(({ path }) => path === SIGSTORE_INDEX_PATH);
  return isThere
    ? ['| `sigstore/` | an OCI layout of the Sigstore signatures that registries keep beside the images |']
    : [];
}

function toSinceLines(since: Manifest['since']): readonly string[] {
  if (since === undefined) return [];
  return [
    'This bundle is incremental: it holds what earlier ones did not. Import those first. The SHA-256 of their',
    '`manifest.json`:',
    '',
    ...since.map((sha256) => `- \`${sha256}\``),
    '',
  ];
}

const USE = [
  '## With signet',
  '',
  '```sh',
  'signet bundle inspect BUNDLE.tar.gz --trust TRUST',
  'signet bundle import BUNDLE.tar.gz --to SITE --trust TRUST',
  '```',
  '',
  'TRUST is a directory with the trust documents of your site, which came to you another way. The documents in this',
  'bundle came with the signatures: whoever could exchange one could exchange the other. Compare them with yours; they',
  'are not used unless you say `--use-bundle-trust`.',
  '',
  '`import` verifies every signature again, adds it to what SITE holds, and can be repeated. SITE is a directory, or',
  '`s3://BUCKET/PREFIX`.',
  '',
  '## Without signet',
  '',
  'Check the files against the manifest. That shows damage, not forgery: clusters verify the signatures themselves.',
  '',
  '```sh',
  'mkdir site && tar -xzf BUNDLE.tar.gz -C site && cd site',
  'sed -n \'s/^{"path":"\\([^"]*\\)","sha256":"\\([0-9a-f]*\\)".*/\\2  \\1/p\' manifest.json | sha256sum --check --quiet',
  '```',
  '',
  'Then give the signatures to clusters, in one of two ways.',
  '',
  'As ConfigMaps, which every cluster reads before it asks anybody:',
  '',
  '```sh',
  'oc apply -f configmaps/',
  '```',
  '',
  'Or by any static web server that answers 404 for what is not there. Serve this directory; clusters ask for',
  '`https://YOUR-SERVER/signatures/sha256=<hex>/signature-1`. They are pointed at `https://YOUR-SERVER/signatures` by',
  '`spec.signatureStores` of the ClusterVersion, which is a Technology Preview.',
] as const;
