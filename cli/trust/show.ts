import { formatUnixDay, formatUnixTime } from '../../lib/base/documents/unix-time.ts';
import type { PreparedKey, PreparedKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { listExpiryWarnings } from '../../lib/trust/prepared/key-expiry.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions, TrustOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface ShowOptions extends TrustOptions, OutputOptions {}

/** @returns the exit status */
export async function showTrust(options: ShowOptions): Promise<number> {
  const { prepared } = await openTrust(options);
  const warnings = [...prepared.warnings, ...listExpiryWarnings(prepared, new Date())];
  const shown = { ...prepared, warnings };
  if (options.output === 'text') printResult('text', shown, formatTrust);
  else printResult(options.output, withTimes(shown) as object, String);
  return ExitStatus.done;
}

/** The times of keys and of authorities as RFC 3339: prepared trust holds seconds. */
function withTimes(prepared: PreparedTrust): unknown {
  return JSON.parse(JSON.stringify(prepared), (name, value: unknown) =>
    typeof value === 'number' && TIMES.has(name) ? formatUnixTime(value) : value,
  );
}

const TIMES: ReadonlySet<string> = new Set(['createdAt', 'assertedAt', 'expiresAt']);

function formatTrust(trust: PreparedTrust): string {
  const policies = trust.imagePolicies.map(
    ({ kind, name, document }) => `  image policy  ${kind === name ? kind : `${kind} ${name}`} (${document})`,
  );
  return [
    `profile ${trust.profile}  revision ${trust.revision}`,
    `  verification  ${trust.verification}; mode ${trust.mode}, force ${trust.force}, require ${trust.require}`,
    ...trust.canonicalRepositories.map((repository) => `  canonical     ${repository}`),
    ...(trust.signedRepository === 'off'
      ? ['  signed        any repository (signedRepository: off)']
      : trust.signedRepositories.map((repository) => `  signed        ${repository}`)),
    ...trust.stores.map(({ url, origin }) => `  store         ${url} (${origin})`),
    ...trust.keyrings.flatMap((keyring) => formatKeyring(keyring, 'keyring    ')),
    ...policies,
    ...trust.policyKeyrings.flatMap((keyring) => formatKeyring(keyring, 'policy key ')),
    ...trust.policyFiles.map(({ name }) => `  policy file   ${name}`),
    ...trust.registriesD.map(({ document }) => `  registries.d  ${document}`),
    ...trust.warnings.map((warning) => `  warning       ${warning}`),
    ...trust.documents.map(({ name, sha256 }) => `  document      ${name} sha256:${sha256.slice(0, 12)}…`),
  ].join('\n');
}

function formatKeyring({ name, certificates, unusable = [] }: PreparedKeyring, label: string): readonly string[] {
  return [
    `  ${label}   ${name}`,
    ...certificates.flatMap(({ userIds, keys }) => [
      ...userIds.map((userId) => `    user ID     ${userId}`),
      ...keys.map(formatKey),
    ]),
    ...unusable.map((key) => `    unusable    ${key.name}: ${key.reason}`),
  ];
}

function formatKey({ fingerprint, revoked, notForSigning, expiresAt }: PreparedKey): string {
  const expiry = expiresAt === undefined ? 'never expires' : `expires ${formatUnixDay(expiresAt)}`;
  const state = revoked === undefined ? (notForSigning ?? `may sign, ${expiry}`) : `revoked: ${revoked}`;
  return `    key         ${fingerprint}  ${state}`;
}
