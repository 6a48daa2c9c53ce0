import { hash } from 'node:crypto';
import type { BundledPackage } from './packages.ts';

/** A file of a release. */
export interface ReleasedFile {
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What a release is made from. */
export interface ReleaseSource {
  readonly version: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** Of the commit: two builds of it are identical. */
  readonly time: Date;
  /** Such as `24.21.0`. */
  readonly node: string;
  /** SHA-256 of package-lock.json. */
  readonly lockSha256: string;
}

/** An SPDX 2.3 document of what is inside the released files. */
export function toSbom(
  { version, commit, time, node }: ReleaseSource,
  files: readonly ReleasedFile[],
  packages: readonly BundledPackage[],
): object {
  const own = { SPDXID: 'SPDXRef-signet', ...toPackage('signet', version, 'Apache-2.0'), filesAnalyzed: false };
  const runtime = {
    SPDXID: 'SPDXRef-node',
    ...toPackage('node', node, 'MIT'),
    downloadLocation: `https://nodejs.org/dist/v${node}/`,
    filesAnalyzed: false,
  };
  const bundled = packages.map((each) => ({
    SPDXID: `SPDXRef-npm-${toId(each)}`,
    ...toPackage(each.name, each.version, each.license),
    downloadLocation: `https://registry.npmjs.org/${each.name}/-/${each.name.split('/').at(-1)}-${each.version}.tgz`,
    filesAnalyzed: false,
    ...(each.sha512 === undefined ? {} : { checksums: [{ algorithm: 'SHA512', checksumValue: each.sha512 }] }),
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: `pkg:npm/${each.name.replace('@', '%40')}@${each.version}`,
      },
    ],
  }));
  const inside = [runtime, ...bundled].map(({ SPDXID }) => ({
    spdxElementId: own.SPDXID,
    relationshipType: 'CONTAINS',
    relatedSpdxElement: SPDXID,
  }));
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `signet-${version}`,
    documentNamespace: `https://spdx.org/spdxdocs/signet-${version}-${commit}`,
    creationInfo: { created: toSeconds(time), creators: [`Tool: signet-release-${version}`] },
    packages: [own, runtime, ...bundled],
    files: files.map(({ name, sha256 }) => ({
      SPDXID: `SPDXRef-file-${name.replace(/[^A-Za-z0-9.-]/g, '-')}`,
      fileName: `./${name}`,
      checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }],
      licenseConcluded: 'NOASSERTION',
      copyrightText: 'NOASSERTION',
    })),
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: own.SPDXID },
      ...inside,
    ],
  };
}

function toPackage(name: string, versionInfo: string, license: string) {
  return {
    name,
    versionInfo,
    downloadLocation: 'NOASSERTION',
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: license,
    copyrightText: 'NOASSERTION',
  };
}

function toId({ name, version }: BundledPackage): string {
  return `${name}-${version}`.replace(/[^A-Za-z0-9.-]/g, '-');
}

/** An in-toto statement with SLSA's build provenance, version 1: what was built, of which commit, with which packages. */
export function toProvenance(source: ReleaseSource, files: readonly ReleasedFile[]): object {
  const { version, commit, time, node, lockSha256 } = source;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: files.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:signet:release:1',
        externalParameters: { version },
        internalParameters: { node },
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: lockSha256 } },
        ],
      },
      runDetails: {
        builder: { id: 'urn:signet:npm-run-release' },
        metadata: { invocationId: `${commit}-${version}`, startedOn: toSeconds(time), finishedOn: toSeconds(time) },
      },
    },
  };
}

/** As `sha256sum` writes it. */
export function toChecksums(files: readonly ReleasedFile[]): string {
  return files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('');
}

export function toReleasedFile(name: string, bytes: Uint8Array): ReleasedFile {
  return { name, sha256: hash('sha256', bytes) };
}

function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.[0-9]+Z$/, 'Z');
}
