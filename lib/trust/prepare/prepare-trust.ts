import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { PreparedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../crypto/openpgp/keys/prepare-keyring.ts';
import { documentError, documentWarning } from '../documents/parsed-document.ts';
import { defaultProfileSpec, type ProfileDocument } from '../documents/profile.ts';
import type { KeyringEntry } from '../documents/trust-config-map.ts';
import { checkUsable } from '../prepared/check-usable.ts';
import { MAX_KEYRINGS, type PreparedTrust } from '../prepared/prepared-trust.ts';
import { isProfileName } from '../prepared/profile-name.ts';
import type { TrustDocument } from '../prepared/trust-document.ts';
import { digestDocuments, trustRevision } from '../prepared/trust-revision.ts';
import { collectDocuments } from './collect-documents.ts';
import { preparePolicyKeys } from './prepare-policy-keys.ts';
import { prepareRepositories } from './prepare-repositories.ts';
import { readCaFile } from './read-ca-file.ts';
import { isTrustFileName, sortTrustFiles } from './trust-files.ts';

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
  const policyKeys = await preparePolicyKeys(collected.policyDocuments, files);
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
    throw new ConfigurationError('TrustMissing', 'no Profile document says what this profile is called');
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
    warnings.push(...found.map((text) => documentWarning(entry.source, entry.path, `${entry.name}: ${text}`)));
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
