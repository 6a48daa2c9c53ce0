import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { warnOfOperators } from '../../crypto/openpgp/keys/cluster-certificates.ts';
import type { PreparedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../crypto/openpgp/keys/prepare-keyring.ts';
import { checkCertificate, splitCertificates } from '../../platform/http/tls-trust.ts';
import type { KeyringEntry } from '../documents/config-map.ts';
import { documentError, documentWarning } from '../documents/parsed-document.ts';
import { defaultProfileSpec, type ProfileDocument } from '../documents/profile.ts';
import { MAX_KEYRINGS, type PreparedTrust } from '../prepared/prepared-trust.ts';
import { checkUsable, isProfileName } from '../prepared/profiles.ts';
import {
  digestDocuments,
  isTrustFileName,
  sortTrustFiles,
  type TrustDocument,
  trustRevision,
} from '../prepared/trust-document.ts';
import { collectDocuments } from './collect-documents.ts';
import { NO_KEYS, preparePolicyKeys } from './prepare-policy-keys.ts';
import { prepareRepositories } from './prepare-repositories.ts';

/**
 * Compiles the documents of one profile, in whatever order they come. Files that are neither YAML, JSON nor the
 * Profile's `caFile` are left out, with a warning.
 *
 * @param profileName What the profile must be called; undefined takes the name from its Profile document.
 * @throws ConfigurationError with the name of the document, the line and the reason
 */
export async function prepareTrust(
  profileName: string | undefined,
  documents: readonly TrustDocument[],
): Promise<PreparedTrust> {
  const files = sortTrustFiles(documents);
  const collected = collectDocuments(files);
  const profile = resolveName(profileName, collected.profile);
  const { canonicalRepositories, graphAliases, signedRepositories } = prepareRepositories(profile, collected);
  const spec = collected.profile?.spec ?? defaultProfileSpec();
  const caFile = readCaFile(collected.profile, files);
  const keyrings = await prepareKeyrings(collected.configMap?.keyrings ?? []);
  const { policyDocuments } = collected;
  const policyKeys = policyDocuments.length === 0 ? NO_KEYS : await preparePolicyKeys(policyDocuments, files);
  const isCounted = (file: TrustDocument) =>
    isTrustFileName(file.name) || file === caFile?.file || policyKeys.used.includes(file);
  const digests = digestDocuments(files.filter(isCounted));
  const trust: PreparedTrust = {
    schema: 1,
    profile,
    revision: trustRevision(digests),
    verification: spec.verification,
    canonicalRepositories,
    signedRepositories,
    signedRepository: spec.signedRepository,
    mode: spec.mode,
    force: spec.force,
    // Left out where it says the default, so that older trust stays the same bytes.
    ...(spec.componentImages === 'deny' ? {} : { componentImages: spec.componentImages }),
    require: spec.require,
    bundleIdentity: spec.bundleIdentity,
    ...(spec.platforms === undefined ? {} : { platforms: spec.platforms }),
    graphAliases,
    pushSources: spec.pushSources,
    keyrings: keyrings.prepared,
    stores: collected.clusterVersion?.stores ?? collected.configMap?.stores ?? [],
    storeAccess: {
      allowPrivateAddresses: spec.stores.allowPrivateAddresses,
      allowLocal: spec.stores.allowLocal,
      ...(caFile === undefined ? {} : { ca: caFile.pem }),
    },
    registries: spec.registries,
    imagePolicies: collected.imagePolicies,
    registriesD: collected.registriesD,
    policyKeyrings: policyKeys.keyrings,
    policyFiles: policyKeys.files,
    ...(policyKeys.unusable.length === 0 ? {} : { unusablePolicyKeys: policyKeys.unusable }),
    mirrorRules: collected.mirrorRules,
    documents: digests,
    warnings: [
      ...collected.warnings,
      ...keyrings.warnings,
      ...policyKeys.warnings,
      ...files.filter((file) => !isCounted(file)).map(({ name }) => `${name}: not a trust document, ignored`),
    ],
  };
  checkUsable(trust);
  return trust;
}

function resolveName(wanted: string | undefined, profile: ProfileDocument | undefined): string {
  if (wanted === undefined) {
    if (profile !== undefined) return profile.name;
    throw new ConfigurationError('TrustMissing', 'no Profile document names this profile: add one with metadata.name');
  }
  if (!isProfileName(wanted)) {
    const reason = `${JSON.stringify(wanted)} cannot name a profile: use letters, digits, ".", "_" and "-"`;
    throw new ConfigurationError('DocumentInvalid', reason);
  }
  if (profile !== undefined && profile.name !== wanted) {
    const reason = `the Profile is called ${profile.name}, its directory ${wanted}`;
    throw documentError('DocumentInvalid', profile.source, ['metadata', 'name'], reason);
  }
  return wanted;
}

async function prepareKeyrings(
  entries: readonly KeyringEntry[],
): Promise<{ prepared: readonly PreparedKeyring[]; warnings: readonly string[] }> {
  const beyond = entries[MAX_KEYRINGS];
  if (beyond !== undefined) {
    throw documentError('LimitExceeded', beyond.source, beyond.path, `more than ${MAX_KEYRINGS} keyrings`);
  }
  const prepared: PreparedKeyring[] = [];
  const warnings: string[] = [];
  for (const entry of entries) {
    const { keyring, warnings: found } = await prepareEntry(entry);
    prepared.push(keyring);
    const all = [...found, ...warnOfOperators(entry.bytes)];
    warnings.push(...all.map((text) => documentWarning(entry.source, entry.path, `${entry.name}: ${text}`)));
  }
  return { prepared, warnings };
}

async function prepareEntry(entry: KeyringEntry): ReturnType<typeof prepareKeyring> {
  try {
    return await prepareKeyring(entry.name, entry.bytes);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw documentError(cause.code, entry.source, entry.path, `${entry.name}: ${cause.message}`, cause);
  }
}

/** The file of a Profile's `stores.caFile`, and the PEM certificates in it. */
interface CaFile {
  readonly file: TrustDocument;
  readonly pem: string;
}

/** Any beginning or end of a block, whole or not; in the file's own words when it has a label. */
const PEM_MARK = /-----(?:BEGIN|END)(?: ([A-Z0-9 ]+))?/;
const PATH = ['spec', 'stores', 'caFile'];

/** @throws ConfigurationError at the Profile's field: absent, without certificates, or with anything but those. */
function readCaFile(profile: ProfileDocument | undefined, files: readonly TrustDocument[]): CaFile | undefined {
  const name = profile?.spec.stores.caFile;
  if (profile === undefined || name === undefined) return undefined;
  const file = files.find((candidate) => candidate.name === name);
  if (file === undefined) throw invalid(profile, name, 'is not among the documents', 'TrustMissing');
  if (isTrustFileName(name)) throw invalid(profile, name, 'is read as a trust document: name it .pem or .crt');
  const { certificates, rest } = splitCertificates(Buffer.from(file.bytes).toString('latin1'));
  // The file is published as it is, so a private key in it would be too, however broken its block.
  const foreign = PEM_MARK.exec(rest);
  if (foreign !== null) throw invalid(profile, name, toForeignFault(foreign[1]));
  if (certificates.length === 0) throw invalid(profile, name, 'holds no PEM certificate');
  if (!certificates.every(isCertificate)) throw invalid(profile, name, 'holds a certificate that cannot be read');
  return { file, pem: `${certificates.join('\n')}\n` };
}

function isCertificate(pem: string): boolean {
  try {
    checkCertificate(pem);
    return true;
  } catch {
    return false;
  }
}

function toForeignFault(label: string | undefined): string {
  const held = label === 'CERTIFICATE' ? 'part of a CERTIFICATE' : `a ${label ?? 'block without a label'}`;
  return `holds ${held}: only whole certificates belong there`;
}

function invalid(
  profile: ProfileDocument,
  name: string,
  fault: string,
  code: 'DocumentInvalid' | 'TrustMissing' = 'DocumentInvalid',
) {
  return documentError(code, profile.source, PATH, `the caFile ${JSON.stringify(name)} ${fault}`);
}
